using System.Text;
using FsCheck;
using FsCheck.Fluent;
using MyGpt.Runtime.Tests.Tokenization;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime.Tests.Properties;

/// <summary>However the bytes of a text are cut into tokens, what is streamed is what decoding all of it gives.</summary>
public class StreamingDecoderPropertyTests
{
    // First bytes of sequences of every length, continuations at the ends of what each may be followed by, and bytes that UTF-8 has not.
    private static readonly byte[] Hostile =
    [
        0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
    ];

    private static readonly Gen<byte[]> Part = Gen.OneOf(
        Text.Any.Generator.Resize(2).Select(text => Encoding.UTF8.GetBytes(text.Value)),
        Gen.Elements(Hostile).Select(value => new[] { value }),
        Gen.Choose(0, 255).Select(value => new[] { (byte)value }));

    private static readonly Arbitrary<byte[][]> Tokens = Arb.From(
        from bytes in Part.ArrayOf().Select(parts => parts.SelectMany(part => part).Take(400).ToArray())
        from cuts in Gen.Choose(0, bytes.Length).ArrayOf()
        select Cut(bytes, [.. cuts.Order()]),
        tokens => Simpler.Arrays(tokens, token => Simpler.Arrays(token, value => value == 0x41 ? [] : [0x41])));

    [Fact]
    public void Stream_of_bytes_cut_anywhere_equals_the_whole() => Property.Holds(Tokens, tokens =>
    {
        byte[] bytes = [.. tokens.SelectMany(token => token)];
        string whole = Encoding.UTF8.GetString(bytes);
        AssertStreams(whole, tokens);
        AssertStreams(whole, [.. bytes.Select(value => new[] { value })]);
        for (int cut = 0; cut <= bytes.Length; cut++)
            AssertStreams(whole, Cut(bytes, [cut]));
    }, cases: 150);

    [Fact]
    public void Stream_of_separated_tokens_equals_the_whole() => Property.Holds(Tokens, tokens =>
    {
        byte[][] parts = [.. tokens.Where(token => token.Length > 0)];
        AssertStreams(Encoding.UTF8.GetString([.. parts.SelectMany((token, i) => i == 0 ? token : [0x20, .. token])]), tokens, [0x20]);
    }, cases: 150);

    [Fact]
    public void Stream_of_any_tokens_of_GPT2_equals_the_whole() => Property.Holds(
        Arb.From(Gen.Choose(0, 50_400).Or(Gen.Choose(0, 255)).ArrayOf(), ids => Simpler.Arrays(ids, id => Simpler.Integers(id))),   // some beyond the vocabulary
        ids =>
        {
            byte[] bytes = [.. ids.SelectMany(id => Gpt2.Tokenizer.TokenBytes(id).ToArray())];
            Assert.Equal(Encoding.UTF8.GetString(bytes), Stream(Gpt2.Tokenizer, ids));
            Assert.Equal(Encoding.UTF8.GetString(bytes), Gpt2.Tokenizer.Decode(ids));
        },
        cases: 200);

    private static void AssertStreams(string whole, byte[][] tokens, byte[]? separator = null)
    {
        var tokenizer = new ListTokenizer(tokens, separator);
        int[] ids = [.. Enumerable.Range(0, tokens.Length)];
        Assert.Equal(whole, Stream(tokenizer, ids));
        Assert.Equal(whole, tokenizer.Decode(ids));
    }

    private static string Stream(ITokenizer tokenizer, int[] ids)
    {
        var decoder = new StreamingDecoder(tokenizer);
        var text = new StringBuilder();
        foreach (int id in ids)
        {
            ReadOnlySpan<char> piece = decoder.Append(id);
            Assert.False(piece.Length > 0 && char.IsHighSurrogate(piece[^1]), "half a character was handed out");
            text.Append(piece);
        }
        return text.Append(decoder.Flush()).ToString();
    }

    private static byte[][] Cut(byte[] bytes, int[] cuts)
    {
        int[] bounds = [0, .. cuts, bytes.Length];
        return [.. bounds.Zip(bounds.Skip(1)).Select(part => bytes[part.First..part.Second])];
    }
}
