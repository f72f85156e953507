using MyGpt.Checkpoints.Values;

namespace MyGpt.Checkpoints.Pickle;

/// <summary>
/// Reads a Python pickle as data. Only the instructions that build plain data are carried out, a fixed list of globals may be
/// named, and those are functions of ours: no instruction of a file can run code, and memory is bounded by the file's size.
/// </summary>
/// <remarks>
/// Protocols 2 to 5 as Python 3.12's Lib/pickle.py and Lib/pickletools.py describe them. There is no recursion: the machine has a
/// stack of its own, so nesting costs no more than its bytes.
/// </remarks>
internal sealed partial class Unpickler
{
    /// <summary>What a pickle may take in memory beyond its own size.</summary>
    private const long BaseMemory = 24 << 20;

    private const int LowestProtocol = 2, HighestProtocol = 5;

    private readonly PickleReader _reader;
    private readonly ITensorStorages? _storages;
    private readonly MemoryBudget _memory;
    private readonly List<Value> _stack = [];
    private readonly List<int> _marks = [];
    private readonly List<Value?> _memo = [];   // null: not set
    private int _deepest;
    private long _frameEnd = -1;

    private Unpickler(PickleReader reader, ITensorStorages? storages)
    {
        _reader = reader;
        _storages = storages;
        _memory = new MemoryBudget(BaseMemory + reader.Left);
    }

    /// <summary>Reads one pickle, which must be all there is.</summary>
    /// <param name="pickle">Its bytes.</param>
    /// <param name="name">What to call it in messages, such as <c>data.pkl</c>.</param>
    /// <param name="storages">Where its tensors are; null for a pickle that may have none.</param>
    /// <exception cref="CheckpointException">It is damaged, asks for something that is not plain data, or unpacks to too much.</exception>
    public static Value Read(ReadOnlyMemory<byte> pickle, string name, ITensorStorages? storages)
    {
        var reader = new PickleReader(pickle, name);
        Value value = ReadNext(reader, storages);
        return reader.Left == 0 ? value : throw reader.Error($"{reader.Left} bytes follow STOP");
    }

    /// <summary>Reads one pickle of several.</summary>
    /// <param name="reader">Stands at its first byte, and afterwards behind its last.</param>
    /// <param name="storages">Where its tensors are; null for a pickle that may have none.</param>
    /// <inheritdoc cref="Read" path="/exception"/>
    public static Value ReadNext(PickleReader reader, ITensorStorages? storages) => new Unpickler(reader, storages).Run();

    /// <summary>An exception that names the pickle and the current instruction's offset.</summary>
    public CheckpointException Error(string message) => _reader.Error(message);

    /// <summary>Counts memory that is about to be taken.</summary>
    public void Take(long bytes)
    {
        if (!_memory.TryTake(bytes))
            throw Error($"the pickle unpacks to far more than its own size; more than {Printable.Bytes(BaseMemory)} beyond it are refused");
    }

    /// <summary>Adds a pair to a dictionary.</summary>
    public void SetItem(DictValue dict, Value key, Value value)
    {
        if (key is ListValue { ListKind: not ListKind.Tuple } or DictValue)
            throw Error($"{key.Kind} cannot be a key");
        Take(Cost.Pair);
        if (!dict.TryAdd(key, value))
            throw Error($"the key {Printable.Quote(((TextValue)key).Value)} is set twice in one dictionary");
    }

    private Value Run()
    {
        if (_reader.ReadOpcode() != Opcode.Proto)
            throw Error($"a pickle of protocol {LowestProtocol} to {HighestProtocol} was needed; this does not begin with PROTO");
        int protocol = _reader.ReadByte();
        if (protocol is < LowestProtocol or > HighestProtocol)
            throw Error($"pickle protocol {protocol} is not read; {LowestProtocol} to {HighestProtocol} are");

        Opcode opcode;
        while ((opcode = NextOpcode()) != Opcode.Stop)
            Execute(opcode);

        Value result = Pop();
        if (_stack.Count != 0 || _marks.Count != 0)
            throw Error($"{_stack.Count + _marks.Count} values are left on the stack at STOP");
        return result;
    }

    private Opcode NextOpcode()
    {
        Opcode opcode = _reader.ReadOpcode();
        if (_frameEnd >= 0)
        {
            if (_reader.InstructionOffset > _frameEnd)
                throw Error($"an instruction crosses the end of its frame at byte {_frameEnd}");
            if (_reader.InstructionOffset == _frameEnd)
                _frameEnd = -1;
        }
        return opcode;
    }

    private void BeginFrame()
    {
        ulong length = _reader.ReadUInt64();
        if (_frameEnd >= 0)
            throw Error("a frame begins inside another");
        if (length > (ulong)_reader.Left)
            throw Error($"a frame of {length} bytes is announced, {_reader.Left} are left");
        _frameEnd = _reader.Position + (long)length;
    }

    private void Push(Value value)
    {
        if (_stack.Count == _deepest)
        {
            Take(Cost.Slot);
            _deepest++;
        }
        _stack.Add(value);
    }

    private Value Pop()
    {
        if (_stack.Count == (_marks.Count > 0 ? _marks[^1] : 0))
            throw Error("a value is taken from an empty stack");
        Value top = _stack[^1];
        _stack.RemoveAt(_stack.Count - 1);
        return top;
    }

    private Value Peek() => _stack.Count > (_marks.Count > 0 ? _marks[^1] : 0)
        ? _stack[^1] : throw Error("a value is looked for on an empty stack");

    private int PopMark()
    {
        if (_marks.Count == 0)
            throw Error("there is no MARK on the stack");
        int mark = _marks[^1];
        _marks.RemoveAt(_marks.Count - 1);
        return mark;
    }

    /// <summary>Everything above the last MARK, taken off the stack together with it.</summary>
    private List<Value> PopToMark()
    {
        int mark = PopMark();
        Take(Cost.Item * (_stack.Count - mark));
        List<Value> items = _stack.GetRange(mark, _stack.Count - mark);
        _stack.RemoveRange(mark, items.Count);
        return items;
    }

    // Picklers count their entries: from 0, and cPickle of Python 2 from 1. Any other number is one that a file made up.
    private void Memoize(uint index)
    {
        Value value = Peek();
        if (index == 1 && _memo.Count == 0)
            _memo.Add(null);
        if (index > _memo.Count)
            throw Error($"entry {index} of the memo is set before entry {_memo.Count}; picklers number them one after the other");
        if (index < _memo.Count)
        {
            _memo[(int)index] = value;
            return;
        }
        Take(Cost.Slot);
        _memo.Add(value);
    }

    // As many as are set: what Python's len(memo) says.
    private void MemoizeNext() => Memoize((uint)(_memo is [null, ..] ? _memo.Count - 1 : _memo.Count));

    private Value Recall(uint index) =>
        (index < _memo.Count ? _memo[(int)index] : null) ?? throw Error($"the memo has no entry {index}");
}
