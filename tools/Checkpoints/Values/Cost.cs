namespace MyGpt.Checkpoints.Values;

/// <summary>Upper estimates of what values take in memory, in bytes: objects on a 64-bit runtime, lists at twice their size while they grow.</summary>
internal static class Cost
{
    public const int Number = 24;
    public const int List = 96;
    public const int Dict = 280;
    public const int Item = 24;
    public const int Pair = 160;
    public const int Slot = 24;
    public const int Opaque = 64;
    public const int Tensor = 256;
    public const int Storage = 160;

    public static long Text(int length) => 56 + 2L * length;
}
