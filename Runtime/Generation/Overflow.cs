namespace MyGpt.Runtime.Generation;

/// <summary>What happens when a text outgrows the model's context.</summary>
public enum Overflow
{
    /// <summary>
    /// As the tutorials: the model sees the last T_max tokens, with positions from 0. Every token then costs a forward pass over
    /// the whole window, because no position keeps its place.
    /// </summary>
    Crop,

    /// <summary>The text ends there, with <see cref="FinishReason.ContextFull"/>. A prompt longer than the context gives no text.</summary>
    Stop,
}
