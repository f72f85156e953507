using MyGpt.Runtime.Model;

namespace MyGpt.Checkpoints.Families;

/// <summary>Decides the MLP's nonlinearity: the user's word, else the checkpoint's, else the family's default.</summary>
internal static class ActivationChoice
{
    /// <summary>Every name that <c>--activation</c> takes.</summary>
    public static string Names { get; } = string.Join(", ", Enum.GetValues<ActivationKind>().Select(Code));

    /// <summary>Decides, and reports how.</summary>
    /// <param name="options">What the user says.</param>
    /// <param name="stated">What the checkpoint says, as it spells it; null when it is silent.</param>
    /// <param name="assumed">What is taken when both are silent.</param>
    /// <param name="reason">Why that.</param>
    /// <param name="report">Gets the decision.</param>
    /// <exception cref="CheckpointException">The checkpoint names an activation that we do not have.</exception>
    public static ActivationKind Choose(GivenOptions options, string? stated, ActivationKind assumed, string reason, Report report)
    {
        if (options.Activation is { } chosen)
        {
            string instead = stated is null ? "" : $" (the checkpoint says {Printable.Quote(stated)})";
            report.Found($"activation {Code(chosen)}, as --activation says{instead}");
            return chosen;
        }
        if (stated is not null)
        {
            ActivationKind parsed = Parse(stated) ?? throw new CheckpointException(
                $"the checkpoint's activation is {Printable.Quote(stated)}, none that we know; if it is {Names}, say so with --activation");
            report.Found($"activation {Code(parsed)}: the checkpoint says {Printable.Quote(stated)}");
            return parsed;
        }
        report.Assumed($"activation {Code(assumed)}: {reason}");
        return assumed;
    }

    /// <summary>The name that <c>--activation</c> takes.</summary>
    public static string Code(ActivationKind activation) => activation switch
    {
        ActivationKind.GeluErf => "gelu-erf",
        ActivationKind.GeluTanh => "gelu-tanh",
        ActivationKind.Relu => "relu",
        ActivationKind.ReluSquared => "relu-squared",
        ActivationKind.Silu => "silu",
    };

    private static ActivationKind? Parse(string name) => name.ToLowerInvariant().Replace('-', '_') switch
    {
        "gelu" or "gelu_erf" or "gelu_exact" or "gelu_python" => ActivationKind.GeluErf,
        "gelu_tanh" or "gelu_new" or "new_gelu" or "gelu_pytorch_tanh" or "gelu_approx" or "gelu_fast" => ActivationKind.GeluTanh,
        "relu" => ActivationKind.Relu,
        "relu_squared" or "squared_relu" or "relu2" or "relu^2" or "relu_sq" => ActivationKind.ReluSquared,
        "silu" or "swish" or "swiglu" => ActivationKind.Silu,
        _ => null,
    };
}
