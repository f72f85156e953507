using System.Globalization;
using MyGpt.Runtime.Model;

namespace MyGpt.Checkpoints.Families;

/// <summary>
/// What the caller says about the model, as a family reads it. Which options it looked at is noted: one that it never looked at
/// would have been ignored, and that is an error.
/// </summary>
/// <param name="options">What the caller decides.</param>
/// <remarks>
/// What no model has is refused here: a negative number of heads, a base of NaN. A family asks for an option only where the option
/// can decide something, or can be held against the checkpoint: a model with learned positions does not ask for <see cref="Rotary"/>.
/// </remarks>
internal sealed class GivenOptions(ConvertOptions options)
{
    private readonly HashSet<string> _read = [];

    /// <inheritdoc cref="ConvertOptions.Heads"/>
    public int? Heads => Read("--heads", options.Heads);

    /// <inheritdoc cref="ConvertOptions.KvHeads"/>
    public int? KvHeads => Read("--kv-heads", options.KvHeads, static heads => heads >= 1, "1 or more");

    /// <inheritdoc cref="ConvertOptions.ContextLength"/>
    public int? ContextLength => Read("--context", options.ContextLength,
        static length => length is >= 1 and <= GptConfigLimits.ContextLength, $"1 to {GptConfigLimits.ContextLength}");

    /// <inheritdoc cref="ConvertOptions.Activation"/>
    public ActivationKind? Activation => Read("--activation", options.Activation);

    /// <inheritdoc cref="ConvertOptions.Norm"/>
    public NormKind? Norm => Read("--norm", options.Norm);

    /// <inheritdoc cref="ConvertOptions.NormEpsilon"/>
    public float? NormEpsilon => Read("--norm-epsilon", options.NormEpsilon,
        static epsilon => float.IsFinite(epsilon) && epsilon > 0, "a number above 0");

    /// <inheritdoc cref="ConvertOptions.Rotary"/>
    public PositionKind? Rotary => Read("--rotary", options.Rotary, static kind => kind != PositionKind.Learned, "pairs or halves");

    /// <inheritdoc cref="ConvertOptions.RotaryBase"/>
    public float? RotaryBase => Read("--rotary-base", options.RotaryBase,
        static @base => float.IsFinite(@base) && @base >= 1, "a number of 1 or more");

    /// <summary>To be called when the family has read its checkpoint.</summary>
    /// <param name="family">The family's name.</param>
    /// <exception cref="OptionException">The caller gave an option that the family has not looked at.</exception>
    public void RequireAllRead(string family)
    {
        (string Name, bool IsGiven)[] all =
        [
            ("--heads", options.Heads is not null), ("--kv-heads", options.KvHeads is not null),
            ("--context", options.ContextLength is not null), ("--activation", options.Activation is not null),
            ("--norm", options.Norm is not null), ("--norm-epsilon", options.NormEpsilon is not null),
            ("--rotary", options.Rotary is not null), ("--rotary-base", options.RotaryBase is not null),
        ];
        foreach ((string name, bool isGiven) in all)
        {
            if (isGiven && !_read.Contains(name))
                throw new OptionException(name, $"{name} does not apply: this {family} checkpoint leaves nothing open that it could decide; leave it out");
        }
    }

    private T? Read<T>(string name, T? value) where T : struct
    {
        _read.Add(name);
        return value;
    }

    private T? Read<T>(string name, T? value, Func<T, bool> fits, string needed) where T : struct
    {
        _read.Add(name);
        return value is not { } given || fits(given) ? value : throw new OptionException(
            name, string.Create(CultureInfo.InvariantCulture, $"{name} {given} is none that a model has; {needed} was needed"));
    }
}
