using System.Buffers.Binary;
using System.Text;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tokenization;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Weights;

/// <summary>Small models with seeded random weights, for tests that need a whole weights.bin but no trained one.</summary>
public static class TinyModels
{
    /// <summary>A config in which all sizes differ, so that no transposed matrix can hide.</summary>
    public static GptConfig Config { get; } = new()
    {
        VocabSize = 11,
        ContextLength = 7,
        EmbeddingDim = 6,
        LayerCount = 2,
        HeadCount = 4,
        KvHeadCount = 2,
        HeadDim = 5,
        MlpDim = 9,
        Activation = ActivationKind.GeluErf,
        QkvBias = true,
        ProjectionBias = true,
        MlpUpBias = true,
        MlpDownBias = true,
    };

    /// <summary>A character tokenizer over the given characters, one token each, in their order.</summary>
    public static TokenizerData Characters(string characters) =>
        Tokens(TokenizerKind.Characters, [.. characters.EnumerateRunes().Select(rune => Encoding.UTF8.GetBytes(rune.ToString()))]);

    /// <summary>A byte-level BPE tokenizer: the 256 bytes, two merges ("th", "the") and the end of text.</summary>
    public static TokenizerData Bpe()
    {
        byte[][] bytes = [.. Enumerable.Range(0, 256).Select(value => new[] { (byte)value })];
        return Tokens(TokenizerKind.Gpt2Bpe, [.. bytes, "th"u8.ToArray(), "the"u8.ToArray(), "<|endoftext|>"u8.ToArray()]) with
        {
            Merges = Table('t', 'h', 256, 256, 'e', 257),
            SpecialTokens = new Dictionary<string, int> { ["<|endoftext|>"] = 258 },
        };
    }

    /// <summary>A tokenizer from the bytes of its tokens.</summary>
    public static TokenizerData Tokens(TokenizerKind kind, IReadOnlyList<byte[]> tokens)
    {
        int[] offsets = new int[tokens.Count + 1];
        for (int i = 0; i < tokens.Count; i++)
            offsets[i + 1] = offsets[i] + tokens[i].Length;
        return new TokenizerData
        {
            Kind = kind,
            TokenCount = tokens.Count,
            TokenOffsets = Table(offsets),
            TokenBytes = tokens.SelectMany(token => token).ToArray(),
        };
    }

    /// <summary>Writes a model with weights from <see cref="Values"/>.</summary>
    /// <param name="path">Where to; an existing file is replaced.</param>
    /// <param name="config">Its sizes and variants.</param>
    /// <param name="seed">Other seeds give other weights.</param>
    /// <param name="matrixType">float32 or bfloat16.</param>
    /// <param name="tokenizer">Its tokenizer, if any.</param>
    /// <param name="generation">Its start and end token, if any.</param>
    /// <returns>The path.</returns>
    public static string Write(
        string path,
        GptConfig config,
        int seed = 1,
        ElementType matrixType = ElementType.F32,
        TokenizerData? tokenizer = null,
        GenerationDefaults? generation = null)
    {
        ModelDescription model = new()
        {
            Config = config,
            Tokenizer = tokenizer,
            Generation = generation ?? new(),
            Source = new() { ["family"] = "test", ["seed"] = seed },
        };
        ModelFile.Write(path, model, matrixType, spec => stream => WriteValues(stream, spec, seed, matrixType), overwrite: true);
        return path;
    }

    /// <summary>The weights of one tensor, (Rows * Columns): norms around 1, all else around 0. The same on every machine.</summary>
    public static float[] Values(TensorSpec spec, int seed)
    {
        // SplitMix64 (Steele, Lea and Flood 2014), started from the tensor's name, so that a tensor does not depend on its neighbours.
        ulong state = Fnv1a(spec.Name) + (ulong)seed;
        float centre = spec.Name.EndsWith("norm.weight", StringComparison.Ordinal) ? 1f : 0f;
        float[] values = new float[checked(spec.Rows * spec.Columns)];
        for (int i = 0; i < values.Length; i++)
        {
            state += 0x9E3779B97F4A7C15;
            ulong z = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            z ^= z >> 31;
            values[i] = centre + (0.25f * (((int)(z >> 40) / (float)(1 << 23)) - 1f));
        }
        return values;
    }

    /// <summary>float32 to bfloat16, rounded to nearest even; for finite values.</summary>
    public static ushort ToBf16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    private static void WriteValues(Stream stream, TensorSpec spec, int seed, ElementType matrixType)
    {
        Span<byte> element = stackalloc byte[sizeof(float)];
        foreach (float value in Values(spec, seed))
        {
            if (spec.IsMatrix && matrixType == ElementType.Bf16)
            {
                BinaryPrimitives.WriteUInt16LittleEndian(element, ToBf16(value));
                stream.Write(element[..sizeof(ushort)]);
            }
            else
            {
                BinaryPrimitives.WriteSingleLittleEndian(element, value);
                stream.Write(element);
            }
        }
    }

    private static byte[] Table(params int[] values)
    {
        byte[] table = new byte[values.Length * sizeof(int)];
        for (int i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteInt32LittleEndian(table.AsSpan(i * sizeof(int)), values[i]);
        return table;
    }

    private static ulong Fnv1a(string text)
    {
        ulong hash = 0xCBF29CE484222325;
        foreach (char c in text)
            hash = (hash ^ c) * 0x100000001B3;
        return hash;
    }
}
