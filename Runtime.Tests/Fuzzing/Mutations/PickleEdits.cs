using System.Buffers.Binary;
using MyGpt.Runtime.Tests.Checkpoints;

namespace MyGpt.Runtime.Tests.Fuzzing.Mutations;

/// <summary>Mutations between the instructions of a pickle, so that those around them keep their meaning.</summary>
internal static class PickleEdits
{
    private const string Simple = "N.0(12)]}tadeosubRQlB\u0085\u0086\u0087\u0088\u0089\u008F\u0090\u0091\u0092\u0093\u0094\u0081\u0097\u0098";

    private static readonly string[] Globals =
    [
        "collections OrderedDict", "torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_parameter", "torch FloatStorage", "torch Size",
        "torch BFloat16Storage", "torch DoubleStorage", "builtins set", "os system", "torch float32", "_codecs encode", "numpy dtype",
        "torch.serialization _get_layout", "torch HalfStorage", "torch storage.UntypedStorage", "numpy.core.multiarray scalar",
    ];

    /// <summary>Puts one to three instructions between two others.</summary>
    public static byte[] InsertInstructions(byte[] pickle, FuzzRandom random)
    {
        int[] starts = Starts(pickle);
        byte[] made = [];
        for (int count = 1 + random.Below(3); count > 0; count--)
            made = [.. made, .. Instruction(random)];
        return Blocks.Insert(pickle, random.Pick(starts), made);
    }

    /// <summary>Replaces an instruction by another one.</summary>
    public static byte[] ReplaceInstruction(byte[] pickle, FuzzRandom random)
    {
        (int start, int end) = Run(pickle, random, 1);
        return [.. pickle.AsSpan(0, start), .. Instruction(random), .. pickle.AsSpan(end)];
    }

    /// <summary>Takes instructions out.</summary>
    public static byte[] RemoveInstructions(byte[] pickle, FuzzRandom random)
    {
        (int start, int end) = Run(pickle, random, 4);
        return [.. pickle.AsSpan(0, start), .. pickle.AsSpan(end)];
    }

    /// <summary>Repeats instructions, there or elsewhere, once or very often.</summary>
    public static byte[] RepeatInstructions(byte[] pickle, FuzzRandom random)
    {
        (int start, int end) = Run(pickle, random, 1 << random.Below(8));
        int times = random.OneIn(4) ? 1 + random.Below(1 + (16384 / (end - start))) : 1;
        byte[] block = [.. Enumerable.Repeat(pickle[start..end], times).SelectMany(static run => run)];
        return Blocks.Insert(pickle, random.OneIn(2) ? end : random.Pick(Starts(pickle)), block);
    }

    private static byte[] Instruction(FuzzRandom random)
    {
        var writer = new PickleWriter();
        byte[] number = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(number, Numbers.Edge(random));
        switch (random.Below(12))
        {
            case 0: return writer.Int((long)Numbers.Edge(random)).ToArray();
            case 1: return writer.Text(random.Pick(["", "model", "config", "storage", "0", "1", "cpu", "n_head", "a\u001B[2J", "../0"])).ToArray();
            case 2:
                string[] global = random.Pick(Globals).Split(' ');
                return writer.Global(global[0], global[1]).ToArray();
            case 3: return writer.Raw((byte)"hq"[random.Below(2)], (byte)random.Below(4)).ToArray();                    // BINGET, BINPUT
            case 4: return writer.Raw((byte)"jr"[random.Below(2)]).Raw(number[..4]).ToArray();                            // their long forms
            case 5: return writer.Raw(random.Pick<byte>([0x8D, 0x8E, 0x95, 0x96])).Raw(number).ToArray();                  // lengths of 8 bytes
            case 6: return writer.Raw(random.Pick<byte>([0x8B, (byte)'X', (byte)'B', (byte)'J', (byte)'T'])).Raw(number[..4]).ToArray();
            case 7: return writer.Raw(random.Pick<byte>([0x8A, 0x8C, (byte)'C', (byte)'K', (byte)'U', 0x80])).Raw(number[..1]).ToArray();
            case 8: return writer.Raw((byte)'G').Raw(number).ToArray();
            case 9: return writer.Raw((byte)random.Next()).ToArray();
            default: return writer.Raw((byte)random.Pick(Simple.ToCharArray())).ToArray();
        }
    }

    private static (int Start, int End) Run(byte[] pickle, FuzzRandom random, int count)
    {
        int[] starts = Starts(pickle);
        int first = random.Below(starts.Length);
        return (starts[first], first + count < starts.Length ? starts[first + count] : pickle.Length);
    }

    // Where instructions begin, as far as they can be followed. Their arguments: Python 3.12, Lib/pickletools.py.
    private static int[] Starts(byte[] pickle)
    {
        List<int> starts = [];
        long at = 0;
        while (at < pickle.Length)
        {
            starts.Add((int)at);
            at += 1 + ArgumentLength(pickle, (int)at);
        }
        return starts.Count == 0 ? [0] : [.. starts];
    }

    private static long ArgumentLength(byte[] pickle, int at)
    {
        ReadOnlySpan<byte> rest = pickle.AsSpan(at + 1);
        return pickle[at] switch
        {
            (byte)'K' or (byte)'h' or (byte)'q' or 0x80 or 0x82 => 1,
            (byte)'M' or 0x83 => 2,
            (byte)'J' or (byte)'j' or (byte)'r' or 0x84 => 4,
            (byte)'G' or 0x95 => 8,
            (byte)'U' or (byte)'C' or 0x8A or 0x8C => rest.Length < 1 ? 0 : 1L + rest[0],
            (byte)'X' or (byte)'B' or (byte)'T' or 0x8B => rest.Length < 4 ? 0 : 4L + BinaryPrimitives.ReadUInt32LittleEndian(rest),
            0x8D or 0x8E or 0x96 => rest.Length < 8 ? 0 : 8L + (uint)BinaryPrimitives.ReadUInt64LittleEndian(rest),
            (byte)'c' or (byte)'i' => Line(rest) + Line(rest[Line(rest)..]),
            (byte)'F' or (byte)'I' or (byte)'L' or (byte)'P' or (byte)'S' or (byte)'V' or (byte)'g' or (byte)'p' => Line(rest),
            _ => 0,
        };
    }

    private static int Line(ReadOnlySpan<byte> rest) => rest.IndexOf((byte)'\n') + 1;
}
