using System.Text;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Parameters;
using MyGpt.Checkpoints.Vocabularies;
using MyGpt.Runtime.Bench.Columns;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime.Bench.Tokenization;

/// <summary>Encoding 1 MB: ordinary text, and one letter over and over, which is a single piece for GPT-2 and one chain of merges for myGPT.</summary>
public class TokenizerBench : IHasWork
{
    private const int Length = 1 << 20;

    private const string Letters = "etaoinshrdlucmfwypvbgkjqxz";

    private ITokenizer _gpt2 = null!, _characters = null!, _words = null!, _myGpt = null!;
    private string _text = "";

    /// <summary>What the text is made of.</summary>
    [Params("words", "one letter")]
    public string Text { get; set; } = "";

    public static Work WorkOf(string method, ParameterInstances parameters) => new(0, Length, 0);

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(1);
        string[] words = [.. Enumerable.Range(0, 5000).Select(_ => Word(random)).Distinct()];
        _text = Text == "words" ? Prose(words, random) : new string('e', Length);
        _gpt2 = TokenizerFactory.Create(Gpt2Vocabulary.Create());
        _characters = TokenizerFactory.Create(TokenizerDataBuilder.Characters([" ", .. Letters.Select(letter => $"{letter}")]));
        _words = TokenizerFactory.Create(TokenizerDataBuilder.Words([.. words.Append(_text).Where(word => !word.Contains(' ', StringComparison.Ordinal)).Distinct()]));
        _myGpt = TokenizerFactory.Create(MyGpt(random));
    }

    [Benchmark(Baseline = true)]
    public int[] Gpt2() => _gpt2.Encode(_text);

    [Benchmark]
    public int[] Characters() => _characters.Encode(_text);

    [Benchmark]
    public int[] Words() => _words.Encode(_text);

    [Benchmark]
    public int[] MyGptBpe() => _myGpt.Encode(_text);

    // Frequent letters are frequent in words, so that merges apply about as often as in a language.
    private static string Word(Random random) =>
        new([.. Enumerable.Range(0, random.Next(1, 9)).Select(_ => Letters[Math.Min(random.Next(Letters.Length), random.Next(Letters.Length))])]);

    private static string Prose(string[] words, Random random)
    {
        var text = new StringBuilder(Length + 16);
        while (text.Length < Length)
            text.Append(words[random.Next(words.Length)]).Append(' ');
        return text.ToString(0, Length).TrimEnd();
    }

    // 2000 merges of two tokens that were there before, powers of 'e' among them.
    private static TokenizerData MyGpt(Random random)
    {
        List<string> tokens = [" ", .. Letters.Select(letter => $"{letter}")];
        var ids = tokens.Select((token, id) => (token, id)).ToDictionary(pair => pair.token, pair => pair.id);
        List<BpeMerge> merges = [];
        string power = "e";
        for (; merges.Count < 2000;)
        {
            bool doubles = merges.Count < 16;
            (string left, string right) = doubles ? (power, power) : (tokens[random.Next(tokens.Count)], tokens[random.Next(27)]);
            power = doubles ? left + right : power;
            if (!ids.TryAdd(left + right, tokens.Count))
                continue;
            merges.Add(new BpeMerge(ids[left], ids[right], tokens.Count));
            tokens.Add(left + right);
        }
        return TokenizerDataBuilder.MyGptBpe(tokens, merges);
    }
}
