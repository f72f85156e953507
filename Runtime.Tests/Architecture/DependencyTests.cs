using System.Reflection;
using MyGpt.Checkpoints;
using MyGpt.Checkpoints.Containers;
using MyGpt.Checkpoints.Containers.Json;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Architecture;

/// <summary>Dependencies point one way: every type that a room's code mentions lies in a room it may know.</summary>
public class DependencyTests
{
    private const string Runtime = "MyGpt.Runtime", Converter = "MyGpt.Checkpoints", CommandLine = "MyGpt.CommandLine";

    private const string Containers = Converter + ".Containers", Pickle = Converter + ".Pickle", Tensors = Converter + ".Tensors",
        Values = Converter + ".Values", Vocabularies = Converter + ".Vocabularies", Families = Converter + ".Families";

    // What everything in the converter says its errors and its findings with.
    private static readonly string[] Words = Names(
        typeof(CheckpointException), typeof(Printable), typeof(MemoryBudget), typeof(Report), typeof(ReportKind), typeof(ReportLine));

    private static readonly string[] Options = Names(typeof(ConvertOptions), typeof(OptionException), typeof(MissingOptionException));

    // What families see of containers; the file itself is for those who read bytes.
    private static readonly string[] Unpacked = Names(typeof(Checkpoint), typeof(CheckpointFolder));

    private static readonly string[] File = Names(typeof(CheckpointFile));

    // A room is a namespace with all below it, or a type. The roots, where their rooms are put together, may know them all; to know a root is
    // to know its own types only.
    private static readonly Dictionary<string, string[]> MayKnow = new(
    [
        .. Words.Select(word => KeyValuePair.Create(word, Words)),
        .. Options.Select(option => KeyValuePair.Create<string, string[]>(option, [Runtime + ".Model", Runtime + ".Weights", .. Words, .. Options])),
        .. Unpacked.Select(part => KeyValuePair.Create<string, string[]>(part, [Values, Name(typeof(JsonValues)), .. Unpacked, .. File, .. Words])),
    ])
    {
        [Runtime + ".Weights"] = [],
        [Runtime + ".Tokenization"] = [],
        [Runtime + ".Kernels"] = [],
        [Runtime + ".Sampling"] = [Runtime + ".Kernels"],
        [Runtime + ".Model"] = [Runtime + ".Kernels", Runtime + ".Weights"],
        [Runtime + ".Scoring"] = [Runtime + ".Kernels", Runtime + ".Model"],
        [Runtime + ".Generation"] = [Runtime + ".Sampling", Runtime + ".Tokenization", Runtime + ".Model"],
        [Runtime] = [Runtime + ".Weights", Runtime + ".Tokenization", Runtime + ".Kernels", Runtime + ".Sampling", Runtime + ".Model", Runtime + ".Generation"],

        // A tensor is a value, and what a value says about a tensor is checked where tensors are.
        [Values] = [Tensors, .. Words],
        [Tensors] = [Values, Runtime + ".Weights", Runtime + ".Kernels.WeightTypes", .. Words],
        [File[0]] = [Name(typeof(RegularFile)), .. Words],
        [Pickle] = [Values, Tensors, .. File, .. Words],
        [Containers] = [Pickle, Values, Tensors, Name(typeof(JsonFault)), .. File, .. Unpacked, .. Words],
        [Vocabularies] = [Pickle, Values, Name(typeof(JsonValues)), Runtime + ".Tokenization", .. Unpacked, .. File, .. Words, .. Options],
        // Of Generation, a family needs to say what it does when a text outgrows the context.
        [Families] =
        [
            Vocabularies, Values, Tensors, Runtime, Runtime + ".Model", Runtime + ".Tokenization", Runtime + ".Generation", .. Unpacked, .. Words, .. Options,
        ],
        [Converter] =
        [
            Containers, Vocabularies, Families, Values, Tensors, Runtime, Runtime + ".Weights", Runtime + ".Model", Runtime + ".Tokenization",
            .. Unpacked, .. File, .. Words, .. Options,
        ],
        [CommandLine] =
        [
            Converter, Runtime, Runtime + ".Weights", Runtime + ".Tokenization", Runtime + ".Kernels", Runtime + ".Sampling", Runtime + ".Model",
            Runtime + ".Generation", Runtime + ".Scoring", .. Words, .. Options,
        ],
    };

    [Fact]
    public void Every_mentioned_type_lies_in_a_room_that_may_be_known()
    {
        List<string> wrong = [];
        int arrows = 0;
        foreach ((Type type, string room) in RoomsOf(typeof(Gpt).Assembly, typeof(Converter).Assembly, Assembly.Load("mygpt-rt")))
        {
            foreach (Type mentioned in Mentions.Of(type).Distinct())
            {
                if (Room(mentioned) is not { } other || other == room)
                    continue;
                arrows++;
                if (!MayKnow[room].Any(known => known == other || IsBelow(Name(mentioned), known) && known is not (Runtime or Converter)))
                    wrong.Add($"{type} mentions {mentioned}");
            }
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.InRange(arrows, 500, int.MaxValue);   // else the walk found nothing, and the test proves nothing
    }

    [Fact]
    public void Families_know_nothing_of_bytes()
    {
        string[] bytes = ["System.IO", "System.Buffers.Binary", "Microsoft.Win32.SafeHandles", .. File];
        Assert.DoesNotContain(RoomsOf(typeof(Converter).Assembly).Where(item => item.Room == Families).SelectMany(item => Mentions.Of(item.Type)),
            mentioned => bytes.Any(known => IsBelow(Name(mentioned), known)));
        Assert.Contains(RoomsOf(typeof(Converter).Assembly).Where(item => item.Room == Containers).SelectMany(item => Mentions.Of(item.Type)),
            mentioned => bytes.Any(known => IsBelow(Name(mentioned), known)));   // that they would be found
    }

    [Fact]
    public void Mentions_are_found_in_signatures_and_bodies()
    {
        HashSet<Type> mentioned = [.. Mentions.Of(typeof(Probe))];
        Assert.Contains(typeof(GptConfig), mentioned);       // a property and its field
        Assert.Contains(typeof(KvCache), mentioned);         // a parameter, inside an array
        Assert.Contains(typeof(TokenBatch), mentioned);      // only made in a body
        Assert.Contains(typeof(LogitRows), mentioned);       // only a generic argument
    }

    private static IEnumerable<(Type Type, string Room)> RoomsOf(params Assembly[] assemblies) =>
        from type in assemblies.SelectMany(assembly => assembly.GetTypes())
        let room = Room(type)
        where room is not null
        select (type, room);

    private static string? Room(Type type) => MayKnow.Keys.Where(room => IsBelow(Name(type), room)).MaxBy(room => room.Length);

    private static string[] Names(params Type[] types) => [.. types.Select(Name)];

    private static string Name(Type type) => (type.IsGenericType ? type.GetGenericTypeDefinition() : type).FullName ?? type.Name;

    // In a namespace, or nested in a type.
    private static bool IsBelow(string name, string room) =>
        name.StartsWith(room, StringComparison.Ordinal) && (name.Length == room.Length || name[room.Length] is '.' or '+');

    private sealed class Probe
    {
        public GptConfig? Property { get; init; }

        public static object Make(KvCache[] caches) => caches.Length > 0 ? new TokenBatch() : new List<LogitRows>();
    }
}
