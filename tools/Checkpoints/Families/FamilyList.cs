using MyGpt.Checkpoints.Containers;
using MyGpt.Checkpoints.Values;

namespace MyGpt.Checkpoints.Families;

/// <summary>Every family. A new one is one line here.</summary>
internal static class FamilyList
{
    private const int KeysShown = 6;

    private static readonly IFamily[] All =
    [
        new NanoGpt(), new LlmC(), new Gpt104(), new MyGptTutorial(), new HuggingFaceGpt2(), new LectureGpt(), new RaschkaGpt(), new MinGpt(),
        new PlainGpt(), new MicroGpt(), new GgufGpt2(),
    ];

    /// <summary>The family with the most evidence.</summary>
    /// <returns>Null when no family has any.</returns>
    public static (IFamily Family, Recognition Recognition)? Recognise(Checkpoint checkpoint)
    {
        (IFamily Family, Recognition Recognition)? best = null;
        foreach (IFamily family in All)
        {
            if (family.Recognise(checkpoint) is { } recognition && recognition.Score > (best?.Recognition.Score ?? 0))
                best = (family, recognition);
        }
        return best;
    }

    /// <summary>One line for a checkpoint that no family recognises: what is in it and what would be read.</summary>
    public static string DescribeUnknown(Checkpoint checkpoint)
    {
        string known = string.Join(", ", All.Select(family => family.Name));
        if (checkpoint.Root is ObjectValue whole)
        {
            return $"the checkpoint holds an object of the class {whole.Name}, not data; if it is the model as a whole, "
                + "save its state dict instead: torch.save(model.state_dict(), path)";
        }
        if (checkpoint.Root is not DictValue root)
            return $"the checkpoint holds {checkpoint.Root.Kind}, not a dictionary; a state dict or a checkpoint of {known} was needed";
        if (root.Items.Count == 0)
            return $"the checkpoint holds an empty dictionary; it is not a checkpoint of a family that is converted ({known})";
        string keys = string.Join(", ", root.TextKeys.Take(KeysShown).Select(Printable.Quote));
        return $"this is not a checkpoint of a family that is converted ({known}); "
            + $"it is a dictionary of {Printable.Count(root.Items.Count, "item")}: {keys}{(root.Items.Count > KeysShown ? ", ..." : "")}";
    }
}
