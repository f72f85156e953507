using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace MyGpt.Runtime.Weights;

/// <summary>From the header's bytes to a JSON tree that is safe to walk: bounded, valid Unicode, no key twice.</summary>
internal static class HeaderJson
{
    private const int LargestDepth = 16;

    // Largest header anyone needs: 4096 layers of 12 tensors are 49161 sections of 19 tokens, under 2^20. A token takes 12 bytes
    // in System.Text.Json's tree, so a hostile header cannot make the tree larger than 12 MiB.
    private const int MostTokens = 1 << 20;

    /// <exception cref="WeightsFormatException">The bytes are no such JSON.</exception>
    public static JsonElement Parse(string file, ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json))
            throw FormatError.Create(file, "header", $"invalid UTF-8 at offset {WeightsHeader.PrefixLength + ValidLength(json)}");
        try
        {
            CheckTokens(file, json);
            return JsonElement.Parse(json, new JsonDocumentOptions { MaxDepth = LargestDepth, AllowDuplicateProperties = false });
        }
        catch (JsonException e) when (e.LineNumber is null)   // found when all of it has been read
        {
            throw FormatError.Create(file, "header", $"not acceptable as JSON: {Twice(e.Message)}");
        }
        catch (JsonException e)
        {
            JsonFault fault = JsonFault.Of(json, e);
            throw FormatError.Create(file, "header", string.Create(
                CultureInfo.InvariantCulture, $"not acceptable as JSON: offset {WeightsHeader.PrefixLength + fault.Offset}: {fault.Reason}"));
        }
    }

    // Duplicate property 'seed' ...
    private static string Twice(string message)
    {
        int from = message.IndexOf('\'', StringComparison.Ordinal), to = message.LastIndexOf('\'');
        string name = from < to ? FormatError.Quote(message[(from + 1)..to]) : "a name";
        return $"{name} occurs twice in one object";
    }

    private static int ValidLength(ReadOnlySpan<byte> json)
    {
        int length = 0;
        while (Rune.DecodeFromUtf8(json[length..], out _, out int consumed) == System.Buffers.OperationStatus.Done)
            length += consumed;
        return length;
    }

    /// <summary>Counts tokens before memory is spent on them, and refuses escapes such as \ud800 that are no character.</summary>
    private static void CheckTokens(string file, ReadOnlySpan<byte> json)
    {
        Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = LargestDepth });
        for (int count = 0; reader.Read(); count++)
        {
            if (count == MostTokens)
            {
                throw FormatError.Create(file, "header", string.Create(
                    CultureInfo.InvariantCulture, $"more than the {MostTokens} JSON tokens a header may have"));
            }
            if (reader.ValueIsEscaped && !IsText(ref reader))
            {
                throw FormatError.Create(file, "header", string.Create(
                    CultureInfo.InvariantCulture,
                    $"an escape in the string at offset {WeightsHeader.PrefixLength + reader.TokenStartIndex} is no character"));
            }
        }
    }

    private static bool IsText(ref Utf8JsonReader reader)
    {
        try
        {
            _ = reader.GetString();
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
