using System.Reflection;
using MyGpt.Runtime.Tests.Weights;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime.Tests.Tokenization;

public class TokenizerDataTests
{
    [Fact]
    public void Equality_is_that_of_the_contents()
    {
        TokenizerData first = Make(), second = Make();
        Assert.Equal(first, second);
        Assert.Equal(first.GetHashCode(), second.GetHashCode());
        Assert.NotEqual(first, TinyModels.Characters("abc"));
        Assert.False(first.Equals(null));
    }

    // A property that equality does not know would let score compare models of two vocabularies.
    [Fact]
    public void Equality_looks_at_every_property()
    {
        PropertyInfo[] properties = typeof(TokenizerData).GetProperties(BindingFlags.Public | BindingFlags.Instance);
        Assert.NotEmpty(properties);
        foreach (PropertyInfo property in properties)
        {
            TokenizerData changed = Make();
            property.SetValue(changed, Other(property.GetValue(changed)!));
            Assert.False(Make().Equals(changed), $"{property.Name} is another, and they are equal");
            Assert.False(changed.Equals(Make()), $"{property.Name} is another, and they are equal");
        }
    }

    [Fact]
    public void Equality_looks_at_names_and_ids_of_special_tokens()
    {
        TokenizerData data = Make();
        Assert.NotEqual(data, data with { SpecialTokens = new Dictionary<string, int> { ["<a>"] = 1, ["<c>"] = 2 } });
        Assert.NotEqual(data, data with { SpecialTokens = new Dictionary<string, int> { ["<a>"] = 1, ["<b>"] = 3 } });
        Assert.NotEqual(data, data with { SpecialTokens = new Dictionary<string, int> { ["<a>"] = 1 } });
        Assert.Equal(data, data with { SpecialTokens = new Dictionary<string, int> { ["<b>"] = 2, ["<a>"] = 1 } });
    }

    private static TokenizerData Make() => new()
    {
        Kind = TokenizerKind.MyGptBpe, TokenCount = 3, TokenOffsets = new byte[] { 1, 2 }, TokenBytes = new byte[] { 3, 4, 5 }, Merges = new byte[] { 6 },
        SpecialTokens = new Dictionary<string, int> { ["<a>"] = 1, ["<b>"] = 2 },
    };

    // A property of another type stops here, and gets a line.
    private static object Other(object value) => value switch
    {
        TokenizerKind => TokenizerKind.Words,
        int number => number + 1,
        ReadOnlyMemory<byte> bytes => new ReadOnlyMemory<byte>([.. bytes.ToArray()[..^1], 99]),
        IReadOnlyDictionary<string, int> => new Dictionary<string, int>(),
        _ => throw new NotSupportedException($"{value.GetType()} is no type that a tokenizer's tables have had"),
    };
}
