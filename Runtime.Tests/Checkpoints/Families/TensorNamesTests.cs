using MyGpt.Checkpoints.Families;
using MyGpt.Checkpoints.Tensors;
using MyGpt.Checkpoints.Values;

namespace MyGpt.Runtime.Tests.Checkpoints.Families;

public class TensorNamesTests
{
    [Theory]
    [InlineData("wte.weight", "wte.weight")]
    [InlineData("module.wte.weight", "wte.weight")]
    [InlineData("_orig_mod.module.model.module.wte.weight", "wte.weight")]
    [InlineData("my_module.wte.weight", "my_module.wte.weight")]
    [InlineData("model.", "")]
    [InlineData("", "")]
    public void Unwrap_removes_every_wrapper(string name, string expected) => Assert.Equal(expected, TensorNames.Unwrap(name));

    [Fact]
    public void Find_gives_the_first_entry_of_a_name_when_it_is_a_tensor()
    {
        TensorValue first = Tensor(), second = Tensor();
        DictValue state = State(("module.a", first), ("a", second), ("b", NoneValue.Instance), ("model.b", second));

        Assert.Same(first, StateDict.Get(state, "a"));
        Assert.Null(StateDict.Get(state, "b"));
        Assert.Null(StateDict.Get(state, "module.a"));
        Assert.False(StateDict.Contains(null, "a"));
    }

    [Fact]
    public void Of_reads_a_state_dict_once()
    {
        DictValue state = State(("a", Tensor()));

        Assert.Same(TensorNames.Of(state), TensorNames.Of(state));
        Assert.NotSame(TensorNames.Of(state), TensorNames.Of(State(("a", Tensor()))));
    }

    private static DictValue State(params (string Name, Value Value)[] entries)
    {
        var state = new DictValue();
        foreach ((string name, Value value) in entries)
            state.TryAdd(new TextValue(name), value);
        return state;
    }

    private static TensorValue Tensor() =>
        new() { Storage = MemoryStorage.Of(1), Type = TensorType.Float32, Offset = 0, Shape = [1], Strides = [1] };
}
