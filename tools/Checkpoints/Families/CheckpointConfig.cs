using MyGpt.Checkpoints.Containers;
using MyGpt.Checkpoints.Values;

namespace MyGpt.Checkpoints.Families;

/// <summary>Finds the config that a training code saved with its model: as a dictionary, as the attributes of an object, or beside it.</summary>
internal static class CheckpointConfig
{
    private static readonly string[] Keys = ["model_args", "config", "model_config", "gpt_config", "hparams", "hyper_parameters", "args", "cfg"];

    /// <summary>Finds it.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="fields">Fields of which it has at least one.</param>
    /// <returns>The config and the key that it has in the checkpoint, empty when the fields stand in the root itself; null when there is none.</returns>
    public static (DictValue Config, string Key)? Find(Checkpoint checkpoint, params string[] fields)
    {
        if (checkpoint.Root is not DictValue root)
            return null;
        foreach (string key in Keys)
        {
            if (root.TryGet(key, out Value? value) && Attributes(value) is { } config && Has(config, fields))
                return (config, key);
        }
        return Has(root, fields) ? (root, "") : null;
    }

    /// <summary>Every config of a checkpoint, and the root itself where it holds more than a state dict.</summary>
    /// <returns>Each with its key, which is empty for the root.</returns>
    public static IEnumerable<(DictValue Config, string Key)> All(Checkpoint checkpoint)
    {
        if (checkpoint.Root is not DictValue root)
            yield break;
        foreach (string key in Keys)
        {
            if (root.TryGet(key, out Value? value) && Attributes(value) is { } config)
                yield return (config, key);
        }
        if (!ReferenceEquals(StateDict.Find(root), root))
            yield return (root, "");
    }

    /// <summary>What a value holds by name: a dictionary, or an object's attributes; null for anything else.</summary>
    public static DictValue? Attributes(Value? value) => value switch
    {
        DictValue dict => dict,
        ObjectValue thing => thing.Attributes,
        _ => null,
    };

    private static bool Has(DictValue config, string[] fields) => fields.Any(field => config.TryGet(field, out _));
}
