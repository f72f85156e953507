using FsCheck;
using FsCheck.Fluent;
using MyGpt.Runtime.Generation;

namespace MyGpt.Runtime.Tests.Properties;

public class StopStringFilterPropertyTests
{
    // Two letters: stop strings overlap themselves and each other all the time.
    private static readonly Gen<string> Letters = Gen.Elements('a', 'b').ArrayOf().Select(letters => new string(letters));

    private static readonly Arbitrary<(string[] Parts, string[] Stops)> Cases = Arb.From(
        from parts in Letters.Resize(4).ArrayOf()
        from count in Gen.Choose(0, 3)
        from stops in Letters.Resize(6).Where(stop => stop.Length > 0).ArrayOf(count)
        select (Parts: parts, Stops: stops),
        value => Simpler.Arrays(value.Parts, Shorter).Select(parts => (parts, value.Stops))
            .Concat(Simpler.Arrays(value.Stops, stop => Shorter(stop).Where(text => text.Length > 0)).Select(stops => (value.Parts, stops))));

    [Fact]
    public void Rounds_of_any_length_release_the_text_up_to_the_first_stop_string() => Property.Holds(Cases, value =>
    {
        var filter = new StopStringFilter(value.Stops);
        string released = "";
        foreach (string part in value.Parts)
        {
            filter.BeginRound();
            filter.Append(part);
            released += filter.Released.ToString();
            if (filter.IsStopped)
                break;
        }
        if (!filter.IsStopped)
        {
            filter.BeginRound();
            filter.ReleaseHeld();
            released += filter.Released.ToString();
        }
        string? expected = UpToStop(string.Concat(value.Parts), value.Stops);
        Assert.Equal(expected is not null, filter.IsStopped);
        Assert.Equal(expected ?? string.Concat(value.Parts), released);
    }, cases: 400);

    // The one that is complete first ends the text; of several, the longest. Null: none.
    private static string? UpToStop(string text, string[] stops)
    {
        for (int end = 1; end <= text.Length; end++)
        {
            if (stops.Where(stop => text[..end].EndsWith(stop, StringComparison.Ordinal)).MaxBy(stop => stop.Length) is { } stop)
                return text[..(end - stop.Length)];
        }
        return null;
    }

    private static IEnumerable<string> Shorter(string text) => Simpler.Arrays(text.ToCharArray()).Select(letters => new string(letters));
}
