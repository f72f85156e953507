using System.Buffers;
using System.Text;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime.Generation;

/// <summary>How to continue a prompt. Each property checks its value when it is set.</summary>
public sealed record GenerationOptions
{
    /// <summary>The largest <see cref="Speculate"/>.</summary>
    public const int MostSpeculated = 64;

    /// <summary>Most tokens that a sample gets, 0 or more; 200 unless told otherwise.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public int MaxNewTokens
    {
        get;
        init => field = value >= 0 ? value : throw OutOfRange(nameof(MaxNewTokens), value, "0 or more");
    } = 200;

    /// <summary>What logits are divided by, 0 or more and finite; 0 takes the most probable token each time. 0.8 unless told otherwise.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative, infinite or NaN.</exception>
    public float Temperature
    {
        get;
        init => field = value is >= 0 and < float.PositiveInfinity ? value : throw OutOfRange(nameof(Temperature), value, "0 or more, and finite");
    } = 0.8f;

    /// <summary>How many of the most probable tokens are drawn from, ties at the last place included; 0 for all. 50 unless told otherwise.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public int TopK
    {
        get;
        init => field = value >= 0 ? value : throw OutOfRange(nameof(TopK), value, "0 or more");
    } = 50;

    /// <summary>Seed of the random numbers; null for a new one, which <see cref="GenerationRun.Seed"/> then tells.</summary>
    public ulong? Seed { get; init; }

    /// <summary>How many continuations of the prompt to write, 1 or more. Sample i is the same text whatever their number.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is below 1.</exception>
    public int SampleCount
    {
        get;
        init => field = value >= 1 ? value : throw OutOfRange(nameof(SampleCount), value, "1 or more");
    } = 1;

    /// <summary>
    /// Texts that end a sample when they occur in the continuation; they are never part of it. The one that is complete first
    /// ends the sample, the longest if several are complete with the same character. Compared by UTF-16 code units.
    /// </summary>
    /// <exception cref="ArgumentNullException">The list or a string is null.</exception>
    /// <exception cref="ArgumentException">A string is empty or holds an unpaired surrogate.</exception>
    public IReadOnlyList<string> StopStrings
    {
        get;
        init => field = CheckStopStrings(value);
    } = [];

    /// <summary>Tokens that end a sample; null for the one the model's file names, an empty list for none.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is negative.</exception>
    public IReadOnlyList<int>? EndTokens
    {
        get;
        init => field = CheckEndTokens(value);
    }

    /// <summary>What happens when the text outgrows the model's context; null for what the model's file says, else the tutorials' cropping.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is no member of the enum.</exception>
    public Overflow? Overflow
    {
        get;
        init => field = value is not { } overflow || Enum.IsDefined(overflow) ? value : throw OutOfRange(nameof(Overflow), overflow, "Crop or Stop");
    }

    /// <summary>What the KV cache holds keys and values as; float32 unless told otherwise.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is no member of the enum.</exception>
    public KvType KvType
    {
        get;
        init => field = Enum.IsDefined(value) ? value : throw OutOfRange(nameof(KvType), value, "F32 or Bf16");
    }

    /// <summary>
    /// Whether the keys and values of earlier tokens are kept, as they are unless told otherwise. Without, every token computes all that it sees
    /// from scratch, as the tutorials' <c>generate</c> does: the same bytes, at the cost of a prompt for each token. The reference to hold the
    /// cache against; <see cref="KvType"/> counts as much as with it.
    /// </summary>
    public bool UseKvCache { get; init; } = true;

    /// <summary>
    /// Most tokens, 0 to 64, that are guessed from what the text repeats and computed together with the current one; 0, for none, unless told
    /// otherwise. Guesses that the sample's own choice confirms are kept, and the others forgotten, so the ids, the text and the logits are the
    /// same bytes for any number; a step may add several tokens then. None are guessed past the window or without a cache, nor where they do not pay:
    /// with weights of less than 4 MiB, or where the text does not follow the guesses.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative or above 64.</exception>
    public int Speculate
    {
        get;
        init => field = value is >= 0 and <= MostSpeculated ? value : throw OutOfRange(nameof(Speculate), value, $"0 to {MostSpeculated}");
    }

    /// <summary>The price of a guess, instead of the one that follows from the model's weights, see <see cref="Model.StepCost"/>; for tests, whose models are too small to gain.</summary>
    internal int? GuessPrice { get; init; }

    /// <summary>Whether each sample tells the <see cref="GeneratedSample.LogitsHash"/> of what its tokens were chosen from.</summary>
    public bool HashLogits { get; init; }

    /// <summary>Whether the text of a special token such as <c>&lt;|endoftext|&gt;</c> in a prompt is that token; else it is ordinary text.</summary>
    public bool AllowSpecial { get; init; }

    /// <summary>What to do with a part of a prompt's text that the vocabulary has no token for; an error unless told otherwise.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is no member of the enum.</exception>
    public UnknownText Unknown
    {
        get;
        init => field = Enum.IsDefined(value) ? value : throw OutOfRange(nameof(Unknown), value, "Error, Skip or Replace");
    }

    private static string[] CheckStopStrings(IReadOnlyList<string> strings)
    {
        ArgumentNullException.ThrowIfNull(strings, nameof(StopStrings));
        foreach (string text in strings)
        {
            ArgumentException.ThrowIfNullOrEmpty(text, nameof(StopStrings));
            for (ReadOnlySpan<char> rest = text; !rest.IsEmpty;)
            {
                if (Rune.DecodeFromUtf16(rest, out _, out int length) != OperationStatus.Done)
                    throw Malformed(nameof(StopStrings), "A string holds an unpaired surrogate.");
                rest = rest[length..];
            }
        }
        return [.. strings];
    }

    private static int[]? CheckEndTokens(IReadOnlyList<int>? ids)
    {
        if (ids is null)
            return null;
        foreach (int id in ids)
        {
            if (id < 0)
                throw OutOfRange(nameof(EndTokens), id, "token ids, 0 or more");
        }
        return [.. ids];
    }

    private static ArgumentException Malformed(string name, string message) => new(message, name);

    private static ArgumentOutOfRangeException OutOfRange(string name, object value, string needed) =>
        new(name, value, $"Must be {needed}.");
}
