using Mutation = System.Func<byte[], MyGpt.Runtime.Tests.Fuzzing.FuzzRandom, byte[]>;

namespace MyGpt.Runtime.Tests.Fuzzing.Mutations;

/// <summary>Turns a valid input into one that is wrong in one to four ways.</summary>
internal static class Mutator
{
    private static readonly Mutation[] Binary =
    [
        Blocks.FlipBit, Blocks.SetByte, Blocks.Truncate, Blocks.Extend, Blocks.Remove, Blocks.Duplicate, Blocks.Move, Blocks.CopyOver,
        Numbers.Overwrite, Numbers.Overwrite, Numbers.Overwrite, Numbers.Nudge, Numbers.Nudge,
    ];

    private static readonly Mutation[] Text =
    [
        Blocks.FlipBit, Blocks.SetByte, Blocks.Truncate, Blocks.Extend, Blocks.Remove, Blocks.Duplicate, Blocks.Move,
        TextEdits.InsertFragment, TextEdits.InsertFragment, TextEdits.ReplaceNumber, TextEdits.RepeatLine,
    ];

    private static readonly Mutation[] Json =
    [
        Blocks.SetByte, Blocks.Truncate, Blocks.Remove, Blocks.Duplicate, TextEdits.InsertFragment, TextEdits.ReplaceNumber, TextEdits.ReplaceNumber,
        JsonEdits.ReplaceValue, JsonEdits.ReplaceValue, JsonEdits.ReplaceValue, JsonEdits.ReplaceValue, JsonEdits.RepeatMember,
        JsonEdits.RemoveMember, JsonEdits.RemoveMember,
    ];

    private static readonly Mutation[] Pickle =
    [
        Blocks.FlipBit, Blocks.SetByte, Blocks.Truncate, Blocks.Remove, Blocks.Duplicate, Numbers.Overwrite, Numbers.Nudge,
        PickleEdits.InsertInstructions, PickleEdits.InsertInstructions, PickleEdits.ReplaceInstruction, PickleEdits.ReplaceInstruction,
        PickleEdits.RemoveInstructions, PickleEdits.RepeatInstructions,
    ];

    /// <summary>The files of one execution.</summary>
    /// <param name="seeds">Valid inputs; one is mutated, and may take bytes from another.</param>
    /// <param name="random">What decides everything.</param>
    public static IReadOnlyList<(string Name, byte[] Bytes)> Mutate(IReadOnlyList<FuzzSeed> seeds, FuzzRandom random)
    {
        FuzzSeed seed = random.Pick(seeds);
        int mutated = random.OneIn(2) ? 0 : random.Below(seed.Files.Length);
        byte[] bytes = Mutate(seed.Files[mutated], random.Pick(random.Pick(seeds).Files), random);
        return [.. seed.Files.Select((file, index) => (file.Name, index == mutated ? bytes : file.Bytes))];
    }

    private static byte[] Mutate(FuzzFile file, FuzzFile other, FuzzRandom random)
    {
        byte[][] parts = [.. file.Parts.Select(part => part.Bytes)];
        int mutations = 1;
        while (mutations < 4 && random.OneIn(2))
            mutations++;
        bool isWhole = random.OneIn(4);
        for (int i = 0; !isWhole && i < mutations; i++)
        {
            int part = PickPart(file.Parts, random);
            parts[part] = random.OneIn(20)
                ? Blocks.Splice(parts[part], random.Pick(other.Parts).Bytes, random)
                : Mutate(parts[part], file.Parts[part].Kind, random);
        }
        byte[] bytes = file.Join(parts);
        for (int i = 0; isWhole && i < mutations; i++)
            bytes = random.OneIn(20) ? Blocks.Splice(bytes, other.Bytes, random) : Mutate(bytes, PartKind.Binary, random);
        return bytes;
    }

    private static byte[] Mutate(byte[] bytes, PartKind kind, FuzzRandom random)
    {
        if (bytes.Length == 0)
            return [(byte)random.Next()];
        Mutation[] mutations = kind switch
        {
            PartKind.Binary => Binary,
            PartKind.Text => Text,
            PartKind.Json => Json,
            PartKind.Pickle => Pickle,
        };
        return random.Pick(mutations)(bytes, random);
    }

    private static int PickPart(IReadOnlyList<FuzzPart> parts, FuzzRandom random)
    {
        int left = random.Below(parts.Sum(static part => part.Weight)), index = 0;
        while ((left -= parts[index].Weight) >= 0)
            index++;
        return index;
    }
}
