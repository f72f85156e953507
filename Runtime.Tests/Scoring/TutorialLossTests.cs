using System.Text.Json;
using MyGpt.Checkpoints;
using MyGpt.Runtime.Scoring;

namespace MyGpt.Runtime.Tests.Scoring;

/// <summary>Losses of whole texts against PyTorch's float64, on the same windows (Fixtures/scoring/losses.py made both text and figures).</summary>
public class TutorialLossTests
{
    // Logits within 3e-6 of the largest, as everywhere: a loss is a difference of two such figures, and so is a mean of losses.
    private const double LogitTolerance = 3e-6;

    private static readonly JsonElement[] All = Read();

    /// <summary>Cases on the committed text.</summary>
    public static IEnumerable<object[]> Excerpt => Cases(isWhole: false);

    /// <summary>Cases on all of the tutorials' validation text.</summary>
    public static IEnumerable<object[]> Whole => Cases(isWhole: true);

    [Theory]
    [MemberData(nameof(Excerpt))]
    public void Loss_of_a_text_is_PyTorchs_on_the_same_windows(string model, int stride)
    {
        JsonElement expected = Find(model, stride, isWhole: false);
        AssertEqual(expected, Score(expected, File.ReadAllText(TestFiles.Fixture("scoring/text.txt"))));
    }

    [SharedTheory]
    [MemberData(nameof(Whole))]
    public void Loss_of_the_validation_text_is_PyTorchs_on_the_same_windows(string model, int stride)
    {
        JsonElement expected = Find(model, stride, isWhole: true);
        string text = File.ReadAllText(TestFiles.SharedFile("fixtures/tinyshakespeare.txt"));
        AssertEqual(expected, Score(expected, text[^expected.GetProperty("characters").GetInt32()..]));
    }

    private static void AssertEqual(JsonElement expected, TextScore score)
    {
        double tolerance = 2 * LogitTolerance * expected.GetProperty("max_abs_logit").GetDouble();
        Assert.Equal(expected.GetProperty("loss").GetDouble(), score.Loss.Mean, tolerance);
        Assert.Equal(expected.GetProperty("standard_error").GetDouble(), score.Loss.StandardError, tolerance);
        Assert.Equal(expected.GetProperty("characters").GetInt32() - 1, score.Loss.Count);
    }

    // The text has all 65 characters of the models in no vocabulary's order but their own: an id is the rank of a character.
    private static TextScore Score(JsonElement expected, string text)
    {
        const string Characters = "\n !$&',-.3:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        using TemporaryFolder folder = TestFiles.NewFolder();
        string checkpoint = $"{expected.GetProperty("model").GetString()}/{expected.GetProperty("file").GetString()}";
        Converter.Convert(TestFiles.Fixture(checkpoint), folder.File("w.bin"), new ConvertOptions());
        using LanguageModel model = LanguageModel.Open(folder.File("w.bin"));
        int context = model.Gpt.Config.ContextLength;
        Assert.Equal(expected.GetProperty("context_length").GetInt32(), context);
        int[] ids = [.. text.Select(character => Characters.IndexOf(character, StringComparison.Ordinal))];
        using var scorer = new TokenScorer(model.Gpt, model.Threads);
        var scores = new TokenScore[context];
        var sum = new TextScore(context);
        foreach (ScoreWindow window in ScoreWindow.Strided(ids.Length, context, expected.GetProperty("stride").GetInt32()))
        {
            Span<TokenScore> found = scores.AsSpan(0, window.Predictions);
            scorer.Score(ids.AsSpan(window.Tokens), found);
            foreach (TokenScore score in found)
                sum.Add(score.Loss, bytes: 1);
        }
        return sum;
    }

    private static JsonElement Find(string model, int stride, bool isWhole) => Assert.Single(All,
        item => item.GetProperty("model").GetString() == model && item.GetProperty("stride").GetInt32() == stride && IsWhole(item) == isWhole);

    private static IEnumerable<object[]> Cases(bool isWhole) => All.Where(item => IsWhole(item) == isWhole)
        .Select(item => new object[] { item.GetProperty("model").GetString()!, item.GetProperty("stride").GetInt32() });

    private static bool IsWhole(JsonElement item) => item.GetProperty("characters").GetInt32() > 100_000;

    private static JsonElement[] Read()
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(TestFiles.Fixture("scoring/losses.json")));
        return [.. json.RootElement.GetProperty("cases").EnumerateArray().Select(item => item.Clone())];
    }
}
