using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.CommandLine.Arguments;

/// <summary>Options whose parse errors name the option, the value found and the values allowed.</summary>
internal static class Options
{
    /// <summary>A switch: takes no value, so that <c>--json false</c> is not a quiet way to leave it out.</summary>
    public static Option<bool> Flag(string name, string description) => new(name) { Description = description, Arity = ArgumentArity.Zero };

    /// <summary>One piece of text or a path.</summary>
    public static Option<string?> Text(string name, string valueName, string description) =>
        new(name) { Description = description, HelpName = valueName };

    /// <summary>A whole number between two bounds.</summary>
    public static Option<int> Whole(string name, string[] aliases, string description, int minimum, int maximum, int defaultValue) =>
        new(name, aliases)
        {
            Description = description,
            HelpName = "N",
            DefaultValueFactory = _ => defaultValue,
            CustomParser = result => ParseWhole(result, name, minimum, maximum) ?? defaultValue,
        };

    /// <summary>A whole number between two bounds, or null when it is not given.</summary>
    public static Option<int?> OptionalWhole(string name, string[] aliases, string description, int minimum, int maximum) =>
        new(name, aliases)
        {
            Description = description,
            HelpName = "N",
            CustomParser = result => ParseWhole(result, name, minimum, maximum),
        };

    /// <summary>A seed: any whole number of 64 bits, or null when it is not given. A negative one counts from 2^64 down.</summary>
    public static Option<ulong?> Seed(string name, string description) =>
        new(name)
        {
            Description = description,
            HelpName = "N",
            CustomParser = result =>
            {
                if (ulong.TryParse(Value(result), NumberStyles.None, CultureInfo.InvariantCulture, out ulong seed))
                    return seed;
                if (long.TryParse(Value(result), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long signed))
                    return unchecked((ulong)signed);
                result.AddError($"{name} is '{Value(result)}'; it must be a whole number of 64 bits");
                return null;
            },
        };

    /// <summary>A finite number of 0 or more.</summary>
    public static Option<float> NonNegative(string name, string description, float defaultValue) =>
        new(name)
        {
            Description = description,
            HelpName = "X",
            DefaultValueFactory = _ => defaultValue,
            CustomParser = result => (float?)ParseNonNegative(result, name) ?? defaultValue,
        };

    /// <summary>A finite number of 0 or more, or null when it is not given.</summary>
    public static Option<double?> OptionalNonNegative(string name, string description) =>
        new(name) { Description = description, HelpName = "X", CustomParser = result => ParseNonNegative(result, name) };

    /// <summary>A share in percent, 0 or more, or null when it is not given: <c>2%</c>, or <c>2</c>, which is the same.</summary>
    public static Option<double?> OptionalPercent(string name, string description) =>
        new(name)
        {
            Description = description,
            HelpName = "X%",
            CustomParser = result =>
            {
                string text = Value(result);
                bool parsed = double.TryParse(text.EndsWith('%') ? text[..^1] : text, NumberStyles.Float, CultureInfo.InvariantCulture, out double percent);
                if (parsed && percent >= 0 && double.IsFinite(percent))
                    return percent;
                result.AddError($"{name} is '{text}'; it must be a percentage from 0 on, such as 2%");
                return null;
            },
        };

    /// <summary>A number above 0 that a float32 holds, or null when it is not given.</summary>
    public static Option<float?> OptionalPositive(string name, string description) =>
        new(name)
        {
            Description = description,
            HelpName = "X",
            CustomParser = result =>
            {
                if (float.TryParse(Value(result), NumberStyles.Float, CultureInfo.InvariantCulture, out float value)
                    && value is > 0 and < float.PositiveInfinity)
                    return value;
                string most = float.MaxValue.ToString("0.0e+0", CultureInfo.InvariantCulture);
                result.AddError($"{name} is '{Value(result)}'; it must be a number above 0 that float32 holds, at most {most}");
                return null;
            },
        };

    /// <summary>One of a few words, or null when it is not given.</summary>
    /// <param name="name">The option.</param>
    /// <param name="description">For the help.</param>
    /// <param name="choices">The words and what they stand for.</param>
    public static Option<T?> OneOf<T>(string name, string description, params (string Word, T Value)[] choices)
        where T : struct
    {
        string words = string.Join('|', choices.Select(choice => choice.Word));
        return new Option<T?>(name)
        {
            Description = description,
            HelpName = words,
            CustomParser = result =>
            {
                foreach ((string word, T value) in choices)
                {
                    if (word == Value(result))
                        return value;
                }
                result.AddError($"{name} is '{Value(result)}'; it must be one of {words.Replace("|", ", ", StringComparison.Ordinal)}");
                return null;
            },
        };
    }

    /// <summary>What to do with text that the vocabulary has no token for.</summary>
    public static Option<UnknownText?> Unknown() => OneOf(
        "--unknown", "text that the vocabulary does not have: an error, left out, or a token such as <unk> or ? in its place [default: error]",
        ("error", UnknownText.Error), ("skip", UnknownText.Skip), ("replace", UnknownText.Replace));

    /// <summary>What keys and values are cached as.</summary>
    public static Option<KvType?> KvType() => OneOf(
        "--kv-type", "what keys and values are cached as: bf16 takes half the memory and is faster far into the context, but rounds them [default: f32]",
        (Runtime.Model.KvType.F32.Code(), Runtime.Model.KvType.F32), (Runtime.Model.KvType.Bf16.Code(), Runtime.Model.KvType.Bf16));

    /// <summary>The number of threads: all cores unless told.</summary>
    public static Option<int?> Threads() =>
        OptionalWhole("--threads", ["-t"], $"threads that compute [default: {Environment.ProcessorCount}, one for each core]", 1, 1024);

    private static int? ParseWhole(ArgumentResult result, string name, int minimum, int maximum)
    {
        bool parsed = int.TryParse(Value(result), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value);
        if (parsed && value >= minimum && value <= maximum)
            return value;
        result.AddError($"{name} is '{Value(result)}'; it must be a whole number from {minimum} to {maximum}");
        return null;
    }

    // Finite as a float too: a temperature is one.
    private static double? ParseNonNegative(ArgumentResult result, string name)
    {
        bool parsed = double.TryParse(Value(result), NumberStyles.Float, CultureInfo.InvariantCulture, out double value);
        if (parsed && value >= 0 && float.IsFinite((float)value))
            return value;
        string most = float.MaxValue.ToString(CultureInfo.InvariantCulture);
        result.AddError($"{name} is '{Value(result)}'; it must be a number from 0 to {most}");
        return null;
    }

    private static string Value(ArgumentResult result) => result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
}
