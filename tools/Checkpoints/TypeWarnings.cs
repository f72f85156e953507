using MyGpt.Runtime.Model;
using MyGpt.Runtime.Weights;

namespace MyGpt.Checkpoints;

/// <summary>What a type of the matrices costs, in values and in bytes.</summary>
internal static class TypeWarnings
{
    /// <summary>Says how a type rounds, if it does.</summary>
    public static void OfRounding(ElementType type, Report report)
    {
        string? what = type switch
        {
            ElementType.F32 => null,
            ElementType.Bf16 => "to the nearest bf16",
            ElementType.Q8 => "to q8: 8 bits and a share in the scale of 32",
            ElementType.Q4 => "to q4: 4 bits and a share in the scale of 32",
            ElementType.U32 or ElementType.U8 => throw new ArgumentException($"{type.Code()} is no type for weights.", nameof(type)),
        };
        if (what is not null)
            report.Warning($"matrices are rounded {what}, as --type says");
    }

    /// <summary>Says that values which blocks have rounded before are rounded once more.</summary>
    public static void OfRoundingAgain(ElementType[] found, ElementType type, Report report)
    {
        foreach (ElementType stored in found)
        {
            if (stored.IsNarrowerThan(ElementType.Bf16) && type.IsNarrowerThan(stored))
                report.Warning($"values of {stored.Code()} were rounded before: the checkpoint, converted to {type.Code()}, loses less");
        }
    }

    /// <summary>Says that a type of blocks takes more bytes than bf16, as it does where rows are much shorter than a block.</summary>
    public static void OfSize(ElementType type, GptConfig config, Report report)
    {
        long bytes = MatrixBytes(type, config), plain = MatrixBytes(ElementType.Bf16, config);
        if (type.IsNarrowerThan(ElementType.Bf16) && bytes > plain)
        {
            report.Warning($"as {type.Code()} the matrices take {Printable.Bytes(bytes)}, as bf16 they would take {Printable.Bytes(plain)}: each row is "
                + $"filled up to {ElementTypes.BlockLength} columns, and those of this model have fewer; --type bf16 is smaller and more exact");
        }
    }

    private static long MatrixBytes(ElementType type, GptConfig config) =>
        TensorSpec.For(config).Where(spec => spec.IsMatrix).Sum(spec => spec.Rows * type.RowBytes(spec.Columns));
}
