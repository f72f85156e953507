namespace MyGpt.Runtime.Tests.CommandLine;

/// <summary>The committed checkpoints, converted once for all tests by the command line itself.</summary>
public sealed class Models : IDisposable
{
    private readonly TemporaryFolder _folder = new(nameof(Models));
    private readonly Lazy<string> _shakespeare, _shakespeareQ4, _words, _noVocabulary;

    public Models()
    {
        _shakespeare = new(() => Convert("mygpt_final_shakespeare/shakespeare.ckpt", "shakespeare.bin"));
        _shakespeareQ4 = new(() => Convert("mygpt_final_shakespeare/shakespeare.ckpt", "shakespeare-q4.bin", "--type", "q4"));
        _noVocabulary = new(() => Convert("mygpt_ch15_bare_state_dict/trained_gpt.pt", "ids.bin", "--heads", "2"));
        _words = new(() =>
        {
            string vocabulary = _folder.File("words.txt");
            File.WriteAllText(vocabulary, "I\nlove\nAI\n!\n");
            return Convert("mygpt_ch15_bare_state_dict/trained_gpt.pt", "words.bin", "--heads", "2", "--vocab", vocabulary);
        });
    }

    /// <summary>65 characters, context 64.</summary>
    public string Shakespeare => _shakespeare.Value;

    /// <summary>The same with matrices of q4.</summary>
    public string ShakespeareQ4 => _shakespeareQ4.Value;

    /// <summary>Four words "I love AI !", which it repeats; context 64.</summary>
    public string Words => _words.Value;

    /// <summary>The same without a vocabulary.</summary>
    public string NoVocabulary => _noVocabulary.Value;

    public void Dispose() => _folder.Dispose();

    private string Convert(string fixture, string name, params string[] options)
    {
        string weights = _folder.File(name);
        Command.Run(["convert", TestFiles.Fixture(fixture), weights, .. options]).Succeeded();
        return weights;
    }
}

/// <summary>Tests that share <see cref="Models"/>.</summary>
[CollectionDefinition(Name)]
public sealed class SharedModels : ICollectionFixture<Models>
{
    public const string Name = "command line";
}
