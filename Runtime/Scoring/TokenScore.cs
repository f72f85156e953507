namespace MyGpt.Runtime.Scoring;

/// <summary>How well a model predicted one token.</summary>
/// <param name="Loss">-ln p in nats. Infinite for a token that the model rules out, NaN for logits that are no numbers.</param>
/// <param name="Rank">1 and the number of tokens with a larger logit: 1 for the token that greedy generation would have taken.</param>
public readonly record struct TokenScore(double Loss, int Rank);
