namespace MyGpt.Runtime.Kernels.WeightTypes;

/// <summary>The 16 values that a 4-bit weight can have, in units of its block's scale.</summary>
/// <remarks>
/// Level 0 is 0, levels 1 to 7 rise, levels 8 to 15 rise from -127: an index read as a signed number of 4 bits keeps the order. They are what
/// Lloyd's algorithm finds for blocks of 32 normal numbers when each block takes the scale of either sign that suits it best, with one level held at 0;
/// the weights of trained models give the same to within a unit. docs/decisions/0005-q4-codebook.md has the measurements.
/// </remarks>
internal static class Q4Levels
{
    /// <summary>The levels by index, (16).</summary>
    public static ReadOnlySpan<sbyte> Values => [0, 11, 23, 35, 49, 64, 82, 104, -127, -98, -77, -61, -47, -34, -22, -11];
}
