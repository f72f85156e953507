using System.Text;

namespace MyGpt.Runtime.Tokenization;

/// <summary>The token that <see cref="UnknownText.Replace"/> puts in the place of unknown text.</summary>
internal static class ReplacementToken
{
    /// <summary>The choices, for messages.</summary>
    public const string Choices = "<unk>, [UNK], <UNK>, U+FFFD, '?' and a space";

    private static readonly string[] InOrder = ["<unk>", "[UNK]", "<UNK>", "\uFFFD", "?", " "];

    /// <summary>Its id: a special token of that name, or a token with that text; null when the vocabulary has none of the choices.</summary>
    public static int? Find(TokenTable tokens, SpecialTokenTable specials)
    {
        foreach (string choice in InOrder)
        {
            if (specials.Ids.TryGetValue(choice, out int special))
                return special;
            byte[] text = Encoding.UTF8.GetBytes(choice);
            TokenTable.TokenSpans spans = tokens.Open();
            for (int id = 0; id < tokens.Count; id++)
            {
                if (spans[id].SequenceEqual(text))
                    return id;
            }
        }
        return null;
    }
}
