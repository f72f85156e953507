using System.Text;
using MyGpt.Runtime.Generation;
using MyGpt.Runtime.Tests.Weights;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Generation;

public class LanguageModelTests
{
    private const string Letters = "abcdefghij ";

    [Theory]
    [InlineData(ElementType.F32)]
    [InlineData(ElementType.Bf16)]
    public void Generate_streams_the_same_text_for_every_number_of_threads(ElementType type)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string path = TinyModels.Write(folder.File("weights.bin"), TinyModels.Config, matrixType: type, tokenizer: TinyModels.Characters(Letters));
        var options = new GenerationOptions { Seed = 6, MaxNewTokens = 25 };
        List<string> texts = [];
        foreach (int? threads in (int?[])[1, 2, 3, null])
        {
            using LanguageModel model = LanguageModel.Open(path, threads);
            Assert.Equal(threads ?? Environment.ProcessorCount, model.Threads);
            var text = new StringBuilder();
            foreach (ReadOnlySpan<char> piece in model.Generate("a bad", options))
                text.Append(piece);
            texts.Add(text.ToString());
        }

        Assert.Equal(25, texts[0].Length);
        Assert.Single(texts.Distinct());
    }

    [Fact]
    public void Generate_starts_and_ends_as_the_file_says()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string path = TinyModels.Write(
            folder.File("weights.bin"), TinyModels.Config, tokenizer: TinyModels.Characters(Letters), generation: new() { StartToken = 10, EndToken = 3 });
        using LanguageModel model = LanguageModel.Open(path, threads: 1);
        using GenerationRun run = model.Generate("", new GenerationOptions { Temperature = 5, Seed = 2 });

        string text = run.Complete()[0];

        Assert.Equal([10], run.PromptIds.ToArray());
        Assert.Equal(FinishReason.EndToken, run.Samples[0].FinishReason);
        Assert.DoesNotContain('d', text);
    }

    [Fact]
    public void Generate_from_ids_serves_a_model_without_a_tokenizer()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        using LanguageModel model = LanguageModel.Open(TinyModels.Write(folder.File("weights.bin"), TinyModels.Config), threads: 1);
        using GenerationRun run = model.Generate([1, 2, 3], new GenerationOptions { MaxNewTokens = 9 });
        while (run.MoveNext())
        {
        }

        Assert.Null(model.Tokenizer);
        Assert.Equal(9, run.Samples[0].Ids.Length);
    }

    [Fact]
    public void Dispose_ends_runs_with_an_exception_not_a_crash()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string path = TinyModels.Write(folder.File("weights.bin"), TinyModels.Config, tokenizer: TinyModels.Characters(Letters));
        LanguageModel model = LanguageModel.Open(path, threads: 2);
        GenerationRun run = model.Generate("abc");
        run.MoveNext();

        model.Dispose();

        Assert.Throws<ObjectDisposedException>(() => run.MoveNext());
        Assert.Throws<ObjectDisposedException>(() => model.Generate("abc"));
        run.Dispose();
    }

    [Fact]
    public void Open_missing_file_or_no_thread_throws()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();

        Assert.Throws<FileNotFoundException>(() => LanguageModel.Open(folder.File("none.bin")));
        Assert.Throws<ArgumentOutOfRangeException>(() => LanguageModel.Open(folder.File("none.bin"), threads: 0));
    }
}
