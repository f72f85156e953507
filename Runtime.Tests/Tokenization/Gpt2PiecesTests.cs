using System.Text;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime.Tests.Tokenization;

public class Gpt2PiecesTests
{
    [Theory]
    [InlineData("it's we'll I'd they've you're I'm can't", "it|'s| we|'ll| I|'d| they|'ve| you|'re| I|'m| can|'t")]
    [InlineData("IT'S 's ''s 'r 're' 'l 'lls", "IT|'|S| '|s| ''|s| '|r| '|re|'| '|l| '|lls")]
    [InlineData("'r", "'|r")]
    [InlineData("'v", "'|v")]
    [InlineData("'l", "'|l")]
    [InlineData("'", "'")]
    [InlineData("'rest", "'re|st")]
    [InlineData("a1b 23!?x", "a|1|b| 23|!?|x")]
    [InlineData("a  b", "a| | b")]
    [InlineData("a \n b", "a| \n| b")]
    [InlineData("a\n\nb", "a|\n|\n|b")]
    [InlineData("a  ", "a|  ")]
    [InlineData("a ", "a| ")]
    [InlineData(" \u00A0b", " |\u00A0|b")]
    [InlineData("\U0001D400\U0001D401 \U0001D7D8\U0001F600", "\U0001D400\U0001D401| \U0001D7D8|\U0001F600")]
    [InlineData("e\u0301\u00BD\u2167", "e|\u0301|\u00BD\u2167")]
    [InlineData("a\u001C\u001Fb\u180E\u200B\uFEFFc", "a|\u001C\u001F|b|\u180E\u200B\uFEFF|c")] // none of them is White_Space
    public void Pieces_end_where_the_expression_says(string text, string pieces)
    {
        Assert.Equal(pieces.Split('|'), Split(text));
    }

    [Fact]
    public void Pieces_of_unpaired_surrogates_are_those_of_replacement_characters()
    {
        Assert.Equal(["x", "\uD83D\uD83D", "y", " \uDE00"], Split("x\uD83D\uD83Dy \uDE00")); // in an attribute they would not survive
    }

    [Fact]
    public void White_space_is_the_unicode_property()
    {
        int[] whiteSpace =
        [
            0x9, 0xA, 0xB, 0xC, 0xD, 0x20, 0x85, 0xA0, 0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007,
            0x2008, 0x2009, 0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000,
        ];
        // A line feed and the character after it, at the end of a text, are one piece only if that is white space too.
        IEnumerable<int> found = Enumerable.Range(0, 0x110000).Where(Rune.IsValid)
            .Where(c => Gpt2Pieces.FirstLength("\n" + char.ConvertFromUtf32(c)) > 1);
        Assert.Equal(whiteSpace, found);
    }

    private static List<string> Split(string text)
    {
        List<string> pieces = [];
        for (int at = 0; at < text.Length; at += pieces[^1].Length)
            pieces.Add(text.Substring(at, Gpt2Pieces.FirstLength(text.AsSpan(at))));
        return pieces;
    }
}
