using System.Reflection;
using MyGpt.Runtime.Model;

namespace MyGpt.Runtime.Tests.Architecture;

/// <summary>Dependencies point one way: every type that a room's code mentions lies in a room it may know.</summary>
public class DependencyTests
{
    private const string Runtime = "MyGpt.Runtime", Converter = "MyGpt.Checkpoints", CommandLine = "MyGpt.CommandLine";

    // A room is a namespace with all below it. The root of the runtime is where its rooms are put together, and may know them all.
    private static readonly Dictionary<string, string[]> MayKnow = new()
    {
        [Runtime + ".Weights"] = [],
        [Runtime + ".Tokenization"] = [],
        [Runtime + ".Kernels"] = [],
        [Runtime + ".Sampling"] = [Runtime + ".Kernels"],
        [Runtime + ".Model"] = [Runtime + ".Kernels", Runtime + ".Weights"],
        [Runtime + ".Generation"] = [Runtime + ".Sampling", Runtime + ".Tokenization", Runtime + ".Model"],
        [Runtime] = [Runtime + ".Weights", Runtime + ".Tokenization", Runtime + ".Kernels", Runtime + ".Sampling", Runtime + ".Model", Runtime + ".Generation"],
        // Of Generation, the converter needs to say what a family does when a text outgrows the context.
        [Converter] = [Runtime, Runtime + ".Weights", Runtime + ".Model", Runtime + ".Kernels.WeightTypes", Runtime + ".Tokenization", Runtime + ".Generation"],
        [CommandLine] = [Converter, Runtime, Runtime + ".Weights", Runtime + ".Tokenization", Runtime + ".Kernels", Runtime + ".Sampling", Runtime + ".Model", Runtime + ".Generation"],
    };

    [Fact]
    public void Every_mentioned_type_lies_in_a_room_that_may_be_known()
    {
        List<string> wrong = [];
        int arrows = 0;
        foreach (Assembly assembly in new[] { typeof(Gpt).Assembly, Assembly.Load(Converter), Assembly.Load("mygpt-rt") })
        {
            foreach (Type type in assembly.GetTypes())
            {
                if (Room(type) is not { } room)
                    continue;
                foreach (Type mentioned in Mentions.Of(type).Distinct())
                {
                    if (Room(mentioned) is not { } other || other == room)
                        continue;
                    arrows++;
                    if (!MayKnow[room].Any(known => known == other || IsBelow(mentioned.Namespace!, known) && known != Runtime))
                        wrong.Add($"{type} mentions {mentioned}");
                }
            }
        }
        Assert.Empty(wrong);
        Assert.InRange(arrows, 50, int.MaxValue);   // else the walk found nothing, and the test proves nothing
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

    private static string? Room(Type type) => type.Namespace is { } name
        ? MayKnow.Keys.Where(room => IsBelow(name, room)).MaxBy(room => room.Length)
        : null;

    private static bool IsBelow(string name, string room) =>
        name == room || name.StartsWith(room + ".", StringComparison.Ordinal);

    private sealed class Probe
    {
        public GptConfig? Property { get; init; }

        public static object Make(KvCache[] caches) => caches.Length > 0 ? new TokenBatch() : new List<LogitRows>();
    }
}
