using System.Globalization;
using System.Text.RegularExpressions;

namespace MyGpt.Checkpoints.Containers;

/// <summary>The name of one file of a sharded checkpoint, such as <c>model-00001-of-00003.safetensors</c>.</summary>
internal static partial class ShardName
{
    /// <summary>Refuses to take one shard of several for a model: what it lacks would look like damage.</summary>
    /// <param name="name">A file's name.</param>
    /// <exception cref="CheckpointException">It is the name of such a shard; the message names the index.</exception>
    public static void RequireWhole(string name)
    {
        Match match = Pattern().Match(name);
        if (!match.Success || !int.TryParse(match.Groups["count"].ValueSpan, CultureInfo.InvariantCulture, out int count) || count < 2)
            return;
        string index = $"{match.Groups["stem"].Value}.{match.Groups["extension"].Value}.index.json";
        throw new CheckpointException($"this is shard {match.Groups["number"].ValueSpan.TrimStart('0')} of {count}; "
            + $"give the folder of all of them, or the index {Printable.Quote(index)} beside it");
    }

    [GeneratedRegex(@"^(?<stem>.+)-(?<number>[0-9]{5})-of-(?<count>[0-9]{5})\.(?<extension>safetensors|bin)$",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Pattern();
}
