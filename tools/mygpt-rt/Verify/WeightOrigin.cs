using System.Text.Json;
using System.Text.Json.Nodes;
using MyGpt.CommandLine.Bench;
using MyGpt.Runtime;
using MyGpt.Runtime.Weights;

namespace MyGpt.CommandLine.Verify;

/// <summary>Whether a weights.bin holds the checkpoint's values as exactly as float32 arithmetic can use them.</summary>
/// <param name="Stored">Type of the matrices; every one of them where they differ.</param>
/// <param name="IsExact">Whether no value was rounded further than to float32.</param>
/// <param name="Reason">Why not; empty when exact.</param>
internal sealed record WeightOrigin(string Stored, bool IsExact, string Reason)
{
    // What the converter writes down of the checkpoint: its matrices' types as PyTorch spells them.
    private const string TypesKey = "matrix_types";

    /// <summary>Finds out from the type of the matrices and from what the converter wrote down.</summary>
    /// <remarks>
    /// float32 holds every type that checkpoints have but float64. Rounding that to float32 is what any float32 run begins with, and the
    /// rule allows a float32 run its rounding. bfloat16 holds only bfloat16. Types with scales hold what no checkpoint has.
    /// </remarks>
    public static WeightOrigin Of(LanguageModel model)
    {
        ElementType[] types = [.. ModelCost.Matrices(model.Gpt.Weights).Select(matrix => matrix.Type).Distinct().Order()];
        string[] sources = Types(model.Description.Source);
        bool holdsBfloat16 = sources.Length > 0 && sources.All(source => source == "bfloat16");
        bool isExact = types.All(type => type == ElementType.F32 || (type == ElementType.Bf16 && holdsBfloat16));
        string reason = sources.Length == 0
            ? "and the file does not say what the checkpoint had"
            : $"narrower than the checkpoint's {string.Join(" and ", sources)}";
        return new WeightOrigin(string.Join(" and ", types.Select(ElementTypes.Code)), isExact, isExact ? "" : reason);
    }

    private static string[] Types(JsonObject source) => source[TypesKey] is JsonArray types
        ? [.. types.Where(type => type?.GetValueKind() == JsonValueKind.String).Select(type => type!.GetValue<string>())]
        : [];
}
