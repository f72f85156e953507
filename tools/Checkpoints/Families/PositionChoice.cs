using System.Globalization;
using MyGpt.Runtime.Model;

namespace MyGpt.Checkpoints.Families;

/// <summary>How a model knows where a token stands.</summary>
/// <param name="ContextLength">T_max.</param>
/// <param name="Kind">Learned or rotary, and which.</param>
/// <param name="RotaryBase">The base of rotary positions.</param>
internal readonly record struct Positions(int ContextLength, PositionKind Kind, float RotaryBase);

/// <summary>
/// Decides a model's positions. A position embedding says all; rotary positions have no weights, and what their tables do not show the
/// config, the family or the user must say.
/// </summary>
/// <param name="options">What the user says.</param>
/// <param name="gpt">What the tensors say.</param>
/// <param name="report">Gets the decisions.</param>
internal sealed class PositionChoice(GivenOptions options, AssembledGpt gpt, Report report)
{
    private const float UsualBase = 10_000;

    /// <summary>Decides.</summary>
    /// <param name="config">The checkpoint's config; null when it has none.</param>
    /// <param name="lengthFields">What the config may call T_max.</param>
    /// <param name="baseFields">What the config may call the base.</param>
    /// <param name="layout">Which elements the family's code pairs; null when the family does not decide that.</param>
    /// <exception cref="CheckpointException">The checkpoint contradicts itself.</exception>
    /// <exception cref="OptionException">Nobody says what is needed.</exception>
    public Positions Choose(ConfigReader? config, string[] lengthFields, string[] baseFields, (PositionKind Kind, string Reason)? layout = null)
    {
        RotaryTable? table = gpt.Buffers.Rotary;
        if (gpt.PositionCount is { } count)
        {
            if (table is not null)
                throw new CheckpointException($"the model has a position embedding and a table of angles {Printable.Quote(table.Name)}; one of the two was needed");
            config?.Expect(count, "the position embedding", lengthFields);
            return new Positions(count, PositionKind.Learned, UsualBase);
        }
        var questions = new OpenQuestions();
        int length = questions.Ask(() => Length(config, lengthFields, table));
        PositionKind kind = questions.Ask(() => Layout(table, layout));
        questions.RequireAnswers();
        return new Positions(length, kind, Base(config, baseFields, table));
    }

    private int Length(ConfigReader? config, string[] fields, RotaryTable? table)
    {
        int? stated = config?.Size(fields), masked = gpt.Buffers.MaskLength;
        if (masked is { } length)
            config?.Expect(length, "the masks", fields);
        if (table?.ContextLength < (stated ?? masked))
        {
            throw new CheckpointException($"the table of angles {Printable.Quote(table!.Name)} is for {table.ContextLength} positions, "
                + $"but {(stated is null ? "the masks say" : $"the config says {config!.Name(fields)} =")} {stated ?? masked}");
        }
        if (stated is { } context)
            return context;
        if ((masked ?? table?.ContextLength) is { } shown)
        {
            report.Found($"a context of {shown} tokens, as long as {(masked is null ? "the table of angles" : "the masks")}");
            return shown;
        }
        if (options.ContextLength is not { } given)
        {
            throw new MissingOptionException("--context", "the model has no position embedding, so it is taken for one with rotary positions, "
                + "which do not show how long its context is (sinusoids, ALiBi and no positions at all are not converted); add --context N with the length that it was trained with");
        }
        report.Found($"a context of {given} tokens, as --context says");
        return given;
    }

    private PositionKind Layout(RotaryTable? table, (PositionKind Kind, string Reason)? family)
    {
        if (table?.Layout is { } shown)
        {
            Check(shown, "the table of angles");
            report.Found($"{Display(shown)}: the table {Printable.Quote(table.Name)} has the angles in that order");
            return shown;
        }
        if (family is { } known)
        {
            Check(known.Kind, "its family");
            report.Assumed($"{Display(known.Kind)}: {known.Reason}");
            return known.Kind;
        }
        PositionKind given = options.Rotary ?? throw new MissingOptionException("--rotary",
            "the model has no position embedding, so it is taken for one with rotary positions (sinusoids, ALiBi and no positions at all are "
            + "not converted), and the file does not say which elements it rotates together; "
            + "add --rotary pairs (x[2i] with x[2i+1]) or --rotary halves (x[i] with x[i + HS/2], as rotate_half does)");
        report.Found($"{Display(given)}, as --rotary says");
        return given;
    }

    private void Check(PositionKind found, string source)
    {
        if (options.Rotary is { } given && given != found)
            throw new OptionException("--rotary", $"--rotary contradicts the checkpoint: by {source} it has {Display(found)}; leave the option out");
    }

    private float Base(ConfigReader? config, string[] fields, RotaryTable? table)
    {
        float? stated = config?.Number(fields), shown = table?.Base;
        if (stated is { } one && shown is { } other && Math.Abs((one / other) - 1) > 1e-3f)
            throw new CheckpointException(string.Create(CultureInfo.InvariantCulture, $"the config says a rotary base of {one}, the table of angles {other}"));
        if ((stated ?? shown) is { } found)
        {
            if (options.RotaryBase is { } contrary && contrary != found)
            {
                throw new OptionException("--rotary-base", string.Create(CultureInfo.InvariantCulture,
                    $"--rotary-base {contrary} contradicts the checkpoint, which says {found}; leave the option out"));
            }
            report.Found(string.Create(CultureInfo.InvariantCulture, $"rotary base {found}: {(stated is null ? "the table of angles" : "the config")} says so"));
            return found;
        }
        if (options.RotaryBase is { } given)
        {
            report.Found(string.Create(CultureInfo.InvariantCulture, $"rotary base {given}, as --rotary-base says"));
            return given;
        }
        report.Assumed("rotary base 10000: the value of the RoPE paper; the file does not say");
        return UsualBase;
    }

    private static string Display(PositionKind kind) => kind switch
    {
        PositionKind.Learned => "learned positions",
        PositionKind.RotaryPairs => "rotary positions in pairs",
        PositionKind.RotaryHalves => "rotary positions in halves",
    };
}
