using MyGpt.CommandLine.Bench;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tests.Model;
using MyGpt.Runtime.Tests.Weights;

namespace MyGpt.Runtime.Tests.CommandLine;

/// <summary>The details that bench measures, alone in the process: they count what all its threads allocate.</summary>
[Collection(Alone.Name)]
public class BenchDetailsTests
{
    [Theory]
    [InlineData(KvType.F32, 4)]
    [InlineData(KvType.Bf16, 2)]
    public void Details_of_a_context_long_enough_have_an_end(KvType kvType, int elementBytes)
    {
        using var model = new InMemoryModel(TinyModels.Config with { ContextLength = 130 });
        using var activations = new Activations(model.Config, 1);
        using var workload = new Workload(model.Gpt, activations, kvType);
        Details details = new DetailsMeasurement(model.Gpt, activations, workload).Measure(CancellationToken.None);
        Assert.InRange(details.Batch.Median, double.Epsilon, double.MaxValue);
        Assert.Equal(106, details.LatePosition);   // 130 - 24
        double weights = ModelCost.BytesPerToken(model.Gpt.Weights), position = 2 * 2 * 2 * 5 * elementBytes;   // K and V, L, NKV, HS, bytes
        Assert.Equal((weights + (24 * position)) / (weights + (106 * position)), details.LateRatioOfBytes!.Value, 1e-12);
        Assert.Equal(0, details.AllocatedPerToken);
    }

    [Fact]
    public void Details_of_a_short_context_have_no_end()
    {
        using var model = new InMemoryModel(TinyModels.Config);
        using var activations = new Activations(model.Config, 1);
        using var workload = new Workload(model.Gpt, activations, KvType.F32);
        Details details = new DetailsMeasurement(model.Gpt, activations, workload).Measure(CancellationToken.None);
        Assert.Equal((null, null, null, null), (details.LatePosition, details.Late, details.LateRatio, details.LateRatioOfBytes));
    }
}
