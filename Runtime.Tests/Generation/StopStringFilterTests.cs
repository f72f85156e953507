using System.Text;
using MyGpt.Runtime.Generation;

namespace MyGpt.Runtime.Tests.Generation;

public class StopStringFilterTests
{
    [Fact]
    public void Append_without_stop_strings_lets_everything_through_at_once()
    {
        var filter = new StopStringFilter([]);

        Assert.Equal(["ab", "", "c"], Rounds(filter, "ab", "", "c"));
        Assert.False(filter.IsStopped);
    }

    [Fact]
    public void Append_holds_the_beginning_of_a_stop_string_until_it_is_decided()
    {
        var filter = new StopStringFilter(["END"]);

        Assert.Equal(["x", "", "ENx", ""], Rounds(filter, "xE", "N", "xE", "ND more"));
        Assert.True(filter.IsStopped);
    }

    [Fact]
    public void Append_stop_string_over_three_tokens_prints_no_part_of_it()
    {
        var filter = new StopStringFilter(["\n\nUser:"]);

        Assert.Equal(["hello", "", "", ""], Rounds(filter, "hello\n", "\nUs", "er:", "never"));
    }

    [Fact]
    public void Append_beginning_that_begins_again_within_itself_is_found()
    {
        Assert.Equal("a", Run(["aab"], "aaab"));
        Assert.Equal("aba", Run(["abac"], "abaabac"));
        Assert.Equal("xab", Run(["abcabd"], "xababcabd", cuts: [1, 3, 4, 8]));
    }

    [Fact]
    public void Append_first_complete_stop_string_wins()
    {
        Assert.Equal("a", Run(["abcd", "bc"], "abcd"));
        Assert.Equal("x", Run(["late", "soon"], "xsoon late"));
        Assert.Equal("x", Run(["b", "ab", "aab"], "xaab"));   // complete with the same character: the longest
    }

    [Fact]
    public void ReleaseHeld_gives_what_was_no_stop_string()
    {
        var filter = new StopStringFilter(["END"]);
        Assert.Equal(["x"], Rounds(filter, "xEN"));

        filter.BeginRound();
        filter.ReleaseHeld();

        Assert.Equal("EN", filter.Released.ToString());
        filter.BeginRound();
        Assert.Equal("", filter.Released.ToString());
    }

    [Fact]
    public void Append_twice_in_a_round_adds_up()
    {
        var filter = new StopStringFilter(["!?"]);
        filter.BeginRound();
        filter.Append("a!");
        filter.Append("b!");
        filter.ReleaseHeld();

        Assert.Equal("a!b!", filter.Released.ToString());
    }

    [Fact]
    public void Append_matches_plain_search_for_any_cut_of_any_text()
    {
        var random = new Random(11);
        for (int trial = 0; trial < 3000; trial++)
        {
            string[] stops = [.. Enumerable.Range(0, random.Next(4)).Select(_ => Letters(random, 1 + random.Next(5)))];
            string text = Letters(random, random.Next(30));
            int[] cuts = [.. Enumerable.Range(0, text.Length).Where(_ => random.Next(3) == 0)];

            Assert.Equal(Reference(stops, text), Run(stops, text, cuts));
        }
    }

    [Fact]
    public void Append_longer_than_its_buffer_is_all_let_through()
    {
        string text = string.Concat(Enumerable.Repeat("abc", 5000));

        Assert.Equal(text, Run(["abd"], text, cuts: [1, 1000, 9000]));
    }

    [Fact]
    public void Append_allocates_nothing_once_warm()
    {
        var filter = new StopStringFilter(["END", "\n\n"]);
        Rounds(filter, "abcE", "N");

        long bytes = Allocations.Of(() =>
        {
            for (int i = 0; i < 100; i++)
            {
                filter.BeginRound();
                filter.Append("EN some text\n");
            }
        });

        Assert.Equal(0, bytes);
    }

    // The first end of any stop string decides; among those that end there the longest.
    private static string Reference(string[] stops, string text)
    {
        for (int end = 1; end <= text.Length; end++)
        {
            string[] complete = [.. stops.Where(stop => text[..end].EndsWith(stop, StringComparison.Ordinal))];
            if (complete.Length > 0)
                return text[..(end - complete.Max(stop => stop.Length))];
        }
        return text;
    }

    private static string Run(string[] stops, string text, params int[] cuts)
    {
        var filter = new StopStringFilter(stops);
        var all = new StringBuilder();
        int start = 0;
        foreach (int cut in cuts.Append(text.Length))
        {
            filter.BeginRound();
            filter.Append(text.AsSpan(start, cut - start));
            all.Append(filter.Released);
            start = cut;
        }
        filter.BeginRound();
        filter.ReleaseHeld();
        return all.Append(filter.Released).ToString();
    }

    private static string[] Rounds(StopStringFilter filter, params string[] parts) =>
    [
        .. parts.Select(part =>
        {
            filter.BeginRound();
            filter.Append(part);
            return filter.Released.ToString();
        }),
    ];

    private static string Letters(Random random, int length) =>
        string.Concat(Enumerable.Range(0, length).Select(_ => (char)('a' + random.Next(2))));
}
