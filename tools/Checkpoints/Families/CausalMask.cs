using System.Globalization;
using MyGpt.Checkpoints.Tensors;

namespace MyGpt.Checkpoints.Families;

/// <summary>
/// Holds a stored mask against the only attention that is run here. It may be one below and on the diagonal and zero above, the other
/// way round, or what is added to the scores: zero for every pair that attends, and for every other a number that leaves nothing of it.
/// </summary>
internal static class CausalMask
{
    // -10000, which GPT-2's code adds instead of -inf, as bf16 rounds it. The exponential in float32 is 0 below -104 already.
    private const float Hiding = -9984;

    /// <summary>Checks every number.</summary>
    /// <param name="mask">A mask of (T, T), whatever ones before.</param>
    /// <param name="reader">Reads it.</param>
    /// <exception cref="CheckpointException">
    /// A token would see another one than itself and those before it, or the numbers are those of a bias rather than a mask.
    /// </exception>
    public static void Check(StoredTensor mask, RowReader reader)
    {
        StoredTensor square = mask.Squeeze(2);
        long size = square.Shape[0];
        float open = float.NaN, closed = float.NaN;
        reader.Read(square, (row, column, numbers) =>
        {
            for (long y = row; numbers.Length > 0; y++)
            {
                int width = (int)Math.Min(numbers.Length, size - column), below = (int)Math.Clamp(y + 1 - column, 0, width);
                ReadOnlySpan<float> attending = numbers[..below], hidden = numbers[below..width];
                if (y == 0 && below > 0)
                    open = attending[0];
                if (y == 0 && hidden.Length > 0 && float.IsNaN(closed))
                    closed = hidden[0];
                bool told = !float.IsNaN(open) && (hidden.Length == 0 || !float.IsNaN(closed)) && open != closed;
                if (!told || attending.ContainsAnyExcept(open) || hidden.ContainsAnyExcept(closed))
                    throw new CheckpointException(NotCausal(mask, y));
                if (y == 0 && !IsMask(open, closed))
                    throw new CheckpointException(NoMask(mask, open, closed));
                numbers = numbers[width..];
            }
        });
    }

    // A mask of one token has nothing that is closed.
    private static bool IsMask(float open, float closed) => (open, closed) switch
    {
        (1, 0) or (0, 1) or (0, <= Hiding) => true,
        (0 or 1, float.NaN) => true,
        _ => false,
    };

    private static string NoMask(StoredTensor mask, float open, float closed) => string.Create(CultureInfo.InvariantCulture,
        $"the mask {Printable.Quote(mask.Name)} has {open} for pairs that attend and {closed} for those that do not: 1 and 0, 0 and 1, or 0 and ")
        + "-10000 or less needed; anything else is a bias, not a mask, and is not run here";

    private static string NotCausal(StoredTensor mask, long row) =>
        $"the mask {Printable.Quote(mask.Name)} is not causal in row {row}: one number up to the diagonal and another one after it needed "
        + "(a model that attends otherwise, within a window for example, is none of those that are run here)";
}
