using System.Buffers.Binary;
using MyGpt.Runtime.Generation;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Sampling;
using MyGpt.Runtime.Tests.CommandLine;
using MyGpt.Runtime.Tests.Weights;
using MyGpt.Runtime.Tokenization;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Fuzzing.Readers;

/// <summary>weights.bin: opened, its checksums computed, and a token generated.</summary>
internal sealed class WeightsReader() : FuzzReader("weights.bin", Make)
{
    private const int LengthOffset = 12, ChecksumOffset = 16, PrefixLength = 20;

    public override Action Read(string path, FuzzRandom random)
    {
        LanguageModel model = LanguageModel.Open(path, threads: 1);
        return () => Use(path, model);
    }

    /// <summary>Whatever the weights are, there is a token or an error that says why not; checksums are right or named as wrong.</summary>
    public static void Use(string path, LanguageModel model)
    {
        using (model)
        {
            try
            {
                using GenerationRun run = model.Generate([0], new GenerationOptions { MaxNewTokens = 1, Temperature = 0 });
                Assert.True(run.MoveNext());
            }
            catch (NoTokenException)
            {
                // NaN weights, which nobody has looked at before.
            }
            if (model.Tokenizer is { } tokenizer)
                TokenizerReader.Use(tokenizer, model.Description.Tokenizer!.TokenCount);
        }
        using WeightsFile file = WeightsFile.Open(path);
        file.VerifyChecksums();
    }

    /// <summary>Taken apart into the JSON and what follows; put together with the length and the checksum of the new JSON.</summary>
    public static FuzzFile Part(string name, byte[] file)
    {
        int length = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(LengthOffset));
        byte[] json = file[PrefixLength..(PrefixLength + length)].AsSpan().TrimEnd((byte)' ').ToArray();
        return new FuzzFile(name, [new FuzzPart(PartKind.Json, json, Weight: 4), new FuzzPart(PartKind.Binary, file[(PrefixLength + length)..])], Join);

        byte[] Join(IReadOnlyList<byte[]> parts)
        {
            int room = Math.Max(length, parts[0].Length);       // spaces keep the sections where they are
            byte[] joined = new byte[PrefixLength + room + parts[1].Length];
            joined.AsSpan(PrefixLength, room).Fill((byte)' ');
            file.AsSpan(0, LengthOffset).CopyTo(joined);
            parts[0].CopyTo(joined, PrefixLength);
            parts[1].CopyTo(joined, PrefixLength + room);
            BinaryPrimitives.WriteInt32LittleEndian(joined.AsSpan(LengthOffset), room);
            BinaryPrimitives.WriteUInt32LittleEndian(joined.AsSpan(ChecksumOffset), Crc32C.Of(joined.AsSpan(PrefixLength, room)));
            return joined;
        }
    }

    private static IEnumerable<FuzzSeed> Make()
    {
        GptConfig tiny = TinyModels.Config with { EmbeddingDim = 2, HeadCount = 2, HeadDim = 1, KvHeadCount = 1, MlpDim = 3, LayerCount = 1 };
        yield return new FuzzSeed(Part("model.bin", new FileForge(room: 64).Bytes()));
        yield return Of(tiny, TinyModels.Characters("abc\u00E9\U0001F600"));
        yield return Of(tiny with { QkvBias = false, ProjectionBias = false, MlpUpBias = false, MlpDownBias = false }, null, ElementType.Bf16);
        yield return Of(tiny with { Activation = ActivationKind.ReluSquared, TiedHead = false },
            TinyModels.Tokens(TokenizerKind.Words, ["I"u8.ToArray(), "love"u8.ToArray(), "AI"u8.ToArray()]));
        yield return Of(tiny with
        {
            HeadDim = 2, Norm = NormKind.RmsNorm, NormBias = false, Position = PositionKind.RotaryPairs, GatedMlp = true, Activation = ActivationKind.Silu,
        }, TokenizerReader.Merges());
        yield return Of(tiny with { NormWeight = false, NormBias = false, EmbeddingNorm = true, FinalNorm = false, Norm = NormKind.RmsNorm }, null);
        foreach (string type in new[] { "q8", "q4" })
            yield return Quantized(tiny with { MlpDim = 33 }, type);   // a row of one block and a weight
    }

    private static FuzzSeed Quantized(GptConfig config, string type)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        Command.Run("convert", TinyModels.Write(folder.File("f32.bin"), config), folder.File("model.bin"), "--type", type).Succeeded();
        return new FuzzSeed(Part("model.bin", File.ReadAllBytes(folder.File("model.bin"))));
    }

    private static FuzzSeed Of(GptConfig config, TokenizerData? tokenizer, ElementType type = ElementType.F32)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        return new FuzzSeed(Part("model.bin", File.ReadAllBytes(TinyModels.Write(folder.File("model.bin"), config, matrixType: type, tokenizer: tokenizer))));
    }
}
