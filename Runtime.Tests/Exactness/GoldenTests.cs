using MyGpt.Runtime.Generation;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tests.CommandLine;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Exactness;

/// <summary>
/// The hashes of golden.txt, whatever machine and instruction set this process has: the quantiser, every kernel and the sampler give the same bits.
/// </summary>
/// <remarks>
/// Only a change of what is computed, such as another order of a sum, may change the table; it changes every user's results with it. A failing test
/// prints the line that would have been right.
/// </remarks>
public class GoldenTests(ExactModels models) : IClassFixture<ExactModels>
{
    private static readonly ElementType[] WeightTypes = [ElementType.F32, ElementType.Bf16, ElementType.Q8, ElementType.Q4];

    private static readonly string[] Table =
        [.. File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Exactness", "golden.txt")).Where(line => !line.StartsWith('#'))];

    public static TheoryData<string, ElementType, KvType> Cases
    {
        get
        {
            var cases = new TheoryData<string, ElementType, KvType>();
            foreach ((string name, ElementType type, KvType kvType) in
                from name in Architectures.All.Keys.Concat(ExactModels.Fixtures.Keys)
                from type in WeightTypes
                from kvType in Enum.GetValues<KvType>()
                select (name, type, kvType))
            {
                cases.Add(name, type, kvType);
            }
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Logits_have_the_hash_of_the_table(string name, ElementType type, KvType kvType)
    {
        using LanguageModel model = LanguageModel.Open(models.Path(name, type), threads: 2);
        GptConfig config = model.Gpt.Config;
        int[] prompt = [.. Enumerable.Range(0, config.ContextLength - 2).Select(i => (i * 997 + 13) % config.VocabSize)];   // the window ends at the third token

        using GenerationRun run = model.Generate(prompt, new GenerationOptions
        {
            Seed = 7, Temperature = 0.8f, TopK = 20, MaxNewTokens = 5, EndTokens = [], KvType = kvType, Overflow = Overflow.Crop, HashLogits = true,
        });
        while (run.MoveNext())
        {
        }

        string line = $"{name} {type.Code()} {kvType.Code()} {run.Samples[0].LogitsHash}";
        Assert.True(Table.Contains(line), line);
    }

    [Fact]
    public void Demo_model_has_the_hash_that_the_documents_name()
    {
        string demo = Path.Combine(TestFiles.Root, "weights", "demo.bin"), document = Path.Combine(TestFiles.Root, "docs", "numerics.md");
        CommandResult result = Command.Run("generate", demo, "Machine learning is", "--seed", "1", "-n", "20", "--hash").Succeeded();
        Assert.True(File.ReadAllText(document).Contains(result.Error.TrimEnd('\n'), StringComparison.Ordinal), result.Error);
    }

    [Fact]
    public void Table_has_a_line_for_each_case_and_no_other() => Assert.Equal(Cases.Count, Table.Length);
}
