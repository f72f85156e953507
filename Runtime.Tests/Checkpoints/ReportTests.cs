using MyGpt.Checkpoints;

namespace MyGpt.Runtime.Tests.Checkpoints;

public class ReportTests
{
    [Fact]
    public void Placed_lines_of_layers_alike_are_one()
    {
        var report = new Report();
        report.Placed("h.N.ln_1.weight (4)", "blocks.N.attention_norm.weight");
        report.Placed("h.N.ln_1.weight (4)", "blocks.N.attention_norm.weight");
        report.Placed("h.N.ln_1.weight (4)", "somewhere else");

        Assert.Equal(["h.N.ln_1.weight (4) -> blocks.N.attention_norm.weight", "h.N.ln_1.weight (4) -> somewhere else"], report.Of(ReportKind.Placed));
    }
}
