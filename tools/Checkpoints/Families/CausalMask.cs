using MyGpt.Checkpoints.Tensors;

namespace MyGpt.Checkpoints.Families;

/// <summary>
/// Holds a stored mask against the only attention that is run here. It may be one below and on the diagonal and zero above, the other
/// way round, or what is added to the scores: one number for every pair that attends, another for every pair that does not.
/// </summary>
internal static class CausalMask
{
    /// <summary>Checks every number.</summary>
    /// <param name="mask">A mask of (T, T), whatever ones before.</param>
    /// <param name="reader">Reads it.</param>
    /// <exception cref="CheckpointException">A token would see another one than itself and those before it.</exception>
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
                numbers = numbers[width..];
            }
        });
    }

    private static string NotCausal(StoredTensor mask, long row) =>
        $"the mask {Printable.Quote(mask.Name)} is not causal in row {row}: one number up to the diagonal and another one after it needed "
        + "(a model that attends otherwise, within a window for example, is none of those that are run here)";
}
