using System.CommandLine;
using System.CommandLine.Help;
using MyGpt.CommandLine.Arguments;
using MyGpt.CommandLine.Doctor;
using MyGpt.CommandLine.Terminal;

namespace MyGpt.CommandLine.Verbs;

/// <summary>Every verb there is. A new verb is a line here and a class beside this one.</summary>
internal static class VerbTable
{
    private const string Description = """
        Runs the GPT you trained: convert its checkpoint once, then generate text on the CPU.

        exit codes  0 done, 1 an error of ours, 2 usage, 3 a file is damaged or not what it should be, 4 a file cannot be opened, read or written,
                    5 a check did not hold (verify, doctor, convert --max-perplexity-increase), 130 interrupted
        """;

    private static readonly (string Name, string Description, Func<IVerb> Create)[] Verbs =
    [
        ("convert", "turn a checkpoint into weights.bin", () => new ConvertVerb()),
        ("generate", "continue a text", () => new GenerateVerb()),
        ("inspect", "say what is in a weights.bin or a checkpoint", () => new InspectVerb()),
        ("verify", "compare our logits with reference logits", () => new VerifyVerb()),
        ("score", "say how well a model predicts a text: loss and perplexity, alone or against another model", () => new ScoreVerb()),
        ("tokenize", "show the tokens of a text", () => new TokenizeVerb()),
        ("bench", "measure tokens per second and the machine's limits", () => new BenchVerb()),
        ("doctor", "check this machine and every kernel on it, and say what speed to expect", () => new DoctorVerb(KernelChecks.All)),
    ];

    /// <summary>The command tree. Only the verb that is asked for has its options: the others would only cost start-up time.</summary>
    /// <param name="args">The arguments as typed.</param>
    /// <param name="console">Where results and messages go.</param>
    public static RootCommand Build(IReadOnlyList<string> args, CommandConsole console)
    {
        var root = new RootCommand(Description)
        {
            HelpName = "mygpt-rt",
        };
        Option<bool> verbose = Options.Flag("--verbose", "show the stack trace of an error");
        verbose.Recursive = true;
        root.Options.Add(verbose);
        if (!args.TakeWhile(arg => arg != "--").Any(arg => arg is "-h" or "-?" or "--help"))
            WithoutShortHelp(root);

        string? asked = args.FirstOrDefault(arg => !arg.StartsWith('-'));
        foreach ((string name, string description, Func<IVerb> create) in Verbs)
        {
            var command = new Command(name, description);
            root.Subcommands.Add(command);
            if (name != asked)
                continue;
            IVerb verb = create();
            verb.Define(command);
            command.SetAction(parsed => (int)verb.Run(parsed, console));
        }
        return root;
    }

    // One letter is found at the start of a longer argument too: of the prompt "-hello", -h. Bundling stays, for "-n5".
    private static void WithoutShortHelp(RootCommand root)
    {
        ICollection<string> aliases = root.Options.OfType<HelpOption>().Single().Aliases;
        aliases.Remove("-h");
        aliases.Remove("-?");
    }
}
