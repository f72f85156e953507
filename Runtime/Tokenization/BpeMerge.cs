namespace MyGpt.Runtime.Tokenization;

/// <summary>One step of byte pair encoding: two neighbouring tokens become one.</summary>
/// <param name="Left">Id of the first token.</param>
/// <param name="Right">Id of the second token.</param>
/// <param name="Merged">
/// Id of the token whose bytes are the two together. In GPT-2's vocabularies it is above both: ids follow the order in which the
/// merges were learned, so of two possible merges the one with the lower <paramref name="Merged"/> comes first.
/// </param>
public readonly record struct BpeMerge(int Left, int Right, int Merged);
