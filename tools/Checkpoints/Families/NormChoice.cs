using System.Globalization;
using MyGpt.Runtime.Model;

namespace MyGpt.Checkpoints.Families;

/// <summary>Decides which norm a model has: the user's word, else the checkpoint's, else the family's default.</summary>
internal static class NormChoice
{
    /// <summary>Decides the kind, and reports how.</summary>
    /// <param name="options">What the user says.</param>
    /// <param name="stated">What the checkpoint says, as it spells it; null when it is silent.</param>
    /// <param name="assumed">What is taken when both are silent.</param>
    /// <param name="reason">Why that.</param>
    /// <param name="report">Gets the decision.</param>
    /// <exception cref="CheckpointException">The checkpoint names a norm that we do not have.</exception>
    /// <exception cref="OptionException">The user contradicts the checkpoint.</exception>
    public static NormKind Kind(GivenOptions options, string? stated, NormKind assumed, string reason, Report report)
    {
        if (stated is not null)
        {
            NormKind parsed = Parse(stated) ?? throw new CheckpointException(
                $"the checkpoint's norm is {Printable.Quote(stated)}, none that we know (LayerNorm, RMSNorm)");
            if (options.Norm is { } contrary && contrary != parsed)
                throw new OptionException("--norm", $"--norm contradicts the checkpoint, which says {Printable.Quote(stated)}; leave the option out");
            report.Found($"{Display(parsed)}: the checkpoint says {Printable.Quote(stated)}");
            return parsed;
        }
        if (options.Norm is { } chosen)
        {
            report.Found($"{Display(chosen)}, as --norm says");
            return chosen;
        }
        report.Assumed($"{Display(assumed)}: {reason}");
        return assumed;
    }

    /// <summary>Decides what is added before the root, and reports how.</summary>
    /// <param name="options">What the user says.</param>
    /// <param name="stated">What the checkpoint says; null when it is silent.</param>
    /// <param name="reason">Why 1e-5 when both are silent.</param>
    /// <param name="report">Gets the decision.</param>
    public static float Epsilon(GivenOptions options, float? stated, string reason, Report report)
    {
        const float Usual = 1e-5f;
        if (options.NormEpsilon is { } chosen)
        {
            string instead = stated is { } other && other != chosen ? $" (the checkpoint says {Text(other)})" : "";
            report.Found($"norm epsilon {Text(chosen)}, as --norm-epsilon says{instead}");
            return chosen;
        }
        if (stated is { } found)
        {
            report.Found($"norm epsilon {Text(found)}: the checkpoint says so");
            return found;
        }
        report.Assumed($"norm epsilon {Text(Usual)}: {reason}");
        return Usual;
    }

    private static NormKind? Parse(string name) => name.ToLowerInvariant().Replace("_", "", StringComparison.Ordinal) switch
    {
        "layer" or "layernorm" or "ln" => NormKind.LayerNorm,
        "rms" or "rmsnorm" => NormKind.RmsNorm,
        _ => null,
    };

    private static string Display(NormKind norm) => norm switch
    {
        NormKind.LayerNorm => "LayerNorm",
        NormKind.RmsNorm => "RMSNorm",
    };

    private static string Text(float value) => value.ToString("0.###e-0", CultureInfo.InvariantCulture);
}
