using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime.Tests.Tokenization;

/// <summary>Decodes the tokens of a list, whatever their bytes are.</summary>
internal sealed class ListTokenizer(IReadOnlyList<byte[]> tokens, byte[]? separator = null) : ITokenizer
{
    public int VocabSize => tokens.Count;

    public IReadOnlyDictionary<string, int> SpecialTokens { get; } = new Dictionary<string, int>();

    public ReadOnlySpan<byte> Separator => separator;

    public int[] Encode(ReadOnlySpan<char> text, bool allowSpecial = false, UnknownText unknown = UnknownText.Error) => throw new NotSupportedException();

    public ReadOnlySpan<byte> TokenBytes(int id) => tokens[id];
}
