using MyGpt.Checkpoints.Values;

namespace MyGpt.Checkpoints.Pickle;

/// <content>The instructions.</content>
internal sealed partial class Unpickler
{
    private void Execute(Opcode opcode)
    {
        switch (opcode)
        {
            case Opcode.Frame: BeginFrame(); break;

            case Opcode.None: Push(NoneValue.Instance); break;
            case Opcode.NewTrue: Push(BoolValue.True); break;
            case Opcode.NewFalse: Push(BoolValue.False); break;
            case Opcode.BinInt: PushInteger(_reader.ReadInt32()); break;
            case Opcode.BinInt1: PushInteger(_reader.ReadByte()); break;
            case Opcode.BinInt2: PushInteger(_reader.ReadUInt16()); break;
            case Opcode.Long1: PushLong(_reader.ReadByte()); break;
            case Opcode.Long4: PushLong(ReadLength("an integer")); break;
            case Opcode.BinFloat: Take(Cost.Number); Push(new RealValue(_reader.ReadDouble())); break;

            case Opcode.ShortBinUnicode: PushText(_reader.ReadByte()); break;
            case Opcode.BinUnicode: PushText(_reader.ReadUInt32()); break;
            case Opcode.BinUnicode8: PushText(_reader.ReadUInt64()); break;
            case Opcode.ShortBinString: PushText(_reader.ReadByte()); break;   // Python 2's strings: ASCII in checkpoints
            case Opcode.BinString: PushText(ReadLength("a string")); break;
            case Opcode.ShortBinBytes: PushBytes(_reader.ReadByte()); break;
            case Opcode.BinBytes: PushBytes(_reader.ReadUInt32()); break;
            case Opcode.BinBytes8: PushBytes(_reader.ReadUInt64()); break;
            case Opcode.ByteArray8: PushBytes(_reader.ReadUInt64()); break;

            case Opcode.EmptyTuple: PushList(ListKind.Tuple, []); break;
            case Opcode.Tuple1: PushTuple(1); break;
            case Opcode.Tuple2: PushTuple(2); break;
            case Opcode.Tuple3: PushTuple(3); break;
            case Opcode.Tuple: PushList(ListKind.Tuple, PopToMark()); break;
            case Opcode.EmptyList: PushList(ListKind.List, []); break;
            case Opcode.Append: Append(ListKind.List, [Pop()]); break;
            case Opcode.Appends: Append(ListKind.List, PopToMark()); break;
            case Opcode.EmptySet: PushList(ListKind.Set, []); break;
            case Opcode.AddItems: Append(ListKind.Set, PopToMark()); break;
            case Opcode.FrozenSet: PushList(ListKind.Set, PopToMark()); break;
            case Opcode.EmptyDict: Take(Cost.Dict); Push(new DictValue()); break;
            case Opcode.SetItem: SetItems([.. PopPair()]); break;
            case Opcode.SetItems: SetItems(PopToMark()); break;

            case Opcode.Mark: Take(Cost.Slot); _marks.Add(_stack.Count); break;
            case Opcode.Pop: PopValueOrMark(); break;
            case Opcode.PopMark: PopToMark(); break;
            case Opcode.Dup: Push(Peek()); break;
            case Opcode.BinPut: Memoize(_reader.ReadByte()); break;
            case Opcode.LongBinPut: Memoize(_reader.ReadUInt32()); break;
            case Opcode.Memoize: MemoizeNext(); break;
            case Opcode.BinGet: Push(Recall(_reader.ReadByte())); break;
            case Opcode.LongBinGet: Push(Recall(_reader.ReadUInt32())); break;

            case Opcode.Global: PushGlobal(_reader.ReadLine(), _reader.ReadLine()); break;
            case Opcode.StackGlobal: PushStackGlobal(); break;
            case Opcode.Reduce: Call("REDUCE"); break;
            case Opcode.NewObj: Call("NEWOBJ"); break;
            case Opcode.Build: Build(); break;
            case Opcode.BinPersId: LoadStorage(); break;

            default: throw Error($"the instruction {Describe(opcode)} is not one that torch.save writes, and is not carried out");
        }
    }

    private static string Describe(Opcode opcode) =>
        Enum.IsDefined(opcode) ? opcode.ToString().ToUpperInvariant() : $"0x{(byte)opcode:X2} (unknown)";

    private void PushInteger(long value)
    {
        Take(Cost.Number);
        Push(new IntegerValue(value));
    }

    private uint ReadLength(string what)
    {
        int length = _reader.ReadInt32();
        return length >= 0 ? (uint)length : throw Error($"{what} of {length} bytes");
    }

    // Little-endian two's complement. Beyond 64 bits only random seeds and the like are, which no model needs.
    private void PushLong(uint length)
    {
        ReadOnlySpan<byte> bytes = _reader.ReadBytes(length).Span;
        if (length > sizeof(long))
        {
            Take(Cost.Opaque);
            Push(new OpaqueValue("integer of more than 64 bits"));
            return;
        }
        long value = length > 0 && bytes[^1] >= 0x80 ? -1 : 0;
        for (int i = bytes.Length - 1; i >= 0; i--)
            value = (value << 8) | bytes[i];
        PushInteger(value);
    }

    private void PushText(ulong length)
    {
        Take(Cost.Text((int)Math.Min(length, (ulong)_reader.Left)));
        Push(new TextValue(_reader.ReadText(length)));
    }

    private void PushBytes(ulong length)
    {
        Take(Cost.Opaque);
        Push(new BytesValue(_reader.ReadBytes(length)));
    }

    private void PushList(ListKind kind, List<Value> items)
    {
        Take(Cost.List);
        Push(new ListValue(kind, items));
    }

    private void PushTuple(int count)
    {
        Take(Cost.Item * count);
        var items = new List<Value>(count);
        for (int i = 0; i < count; i++)
            items.Add(Pop());
        items.Reverse();
        PushList(ListKind.Tuple, items);
    }

    private void Append(ListKind kind, List<Value> items)
    {
        if (Peek() is not ListValue list || list.ListKind != kind)
            throw Error($"items are added to {Peek().Kind}; {ListValue.NameOf(kind)} was needed");
        Take(Cost.Item * items.Count);
        list.Items.AddRange(items);
    }

    private Value[] PopPair()
    {
        Value value = Pop();
        return [Pop(), value];
    }

    private void SetItems(List<Value> keysAndValues)
    {
        if (Peek() is not DictValue dict)
            throw Error($"pairs are added to {Peek().Kind}; a dictionary was needed");
        if (keysAndValues.Count % 2 != 0)
            throw Error("a dictionary is given a key without a value");
        for (int i = 0; i < keysAndValues.Count; i += 2)
            SetItem(dict, keysAndValues[i], keysAndValues[i + 1]);
    }

    private void PopValueOrMark()
    {
        if (_marks.Count > 0 && _marks[^1] == _stack.Count)
            PopMark();
        else
            Pop();
    }

    private void PushStackGlobal()
    {
        Value name = Pop(), module = Pop();
        if (module is not TextValue moduleText || name is not TextValue nameText)
            throw Error("the name of a global is not a string");
        PushGlobal(moduleText.Value, nameText.Value);
    }

    private void PushGlobal(string module, string name)
    {
        if (PickleGlobals.Find($"{module}.{name}") is { } global)
        {
            Push(global);
            return;
        }
        // A class, by Python's habit of naming: its objects are data, such as a config that was saved as it is.
        if (module != "torch" && name.Length > 0 && char.IsUpper(name[0]))
        {
            Take(Cost.Opaque);
            Push(new UnknownClass(Printable.Escape($"{module}.{name}")));
            return;
        }
        throw Unlisted($"{module}.{name}", advice: "");
    }

    private CheckpointException Unlisted(string name, string advice) =>
        Error($"the pickle asks for {Printable.Quote(name)}, which is not on the list of what a checkpoint may hold{advice}");

    private void Call(string instruction)
    {
        Value arguments = Pop(), target = Pop();
        if (target is UnknownClass unknown)
        {
            Push(MakeObject(unknown, arguments, instruction));
            return;
        }
        if (target is not PickleGlobal { Call: { } call } global)
            throw Error($"{instruction} calls {target.Kind}, which cannot be called");
        if (arguments is not ListValue { ListKind: ListKind.Tuple } list)
            throw Error($"{instruction} calls {global.Name} with {arguments.Kind}; a tuple of arguments was needed");
        Take(Cost.Dict);
        Push(call(list.Items, this));
    }

    // object.__new__(cls), whose attributes BUILD sets next: the way of every plain class. With arguments the class's code would decide.
    private ObjectValue MakeObject(UnknownClass type, Value arguments, string instruction)
    {
        bool isPlain = instruction == "NEWOBJ"
            ? arguments is ListValue { ListKind: ListKind.Tuple, Items: [] } : InertCalls.Allow(type.Name, arguments);
        if (!isPlain)
        {
            throw Unlisted(type.Name,
                "; save plain data instead: torch.save({'model': model.state_dict(), 'config': vars(config)}, path)");
        }
        Take(Cost.Opaque);
        return new ObjectValue(type.Name);
    }

    // Sets attributes of an object. Those of what we know do not matter: an ordered dictionary's _metadata (module versions), a
    // NumPy type's byte order.
    private void Build()
    {
        Value state = Pop();
        switch (Peek())
        {
            case ObjectValue thing:
                thing.Attributes = state is DictValue attributes ? attributes
                    : throw Error($"BUILD sets the attributes of {thing.Kind} to {state.Kind}; a dictionary was needed");
                break;
            case DictValue { IsOrdered: true } or OpaqueValue and not (PickleGlobal or UnknownClass):
                break;
            default:
                throw Error($"BUILD sets attributes of {Peek().Kind}");
        }
    }

    private void LoadStorage()
    {
        Value id = Pop();
        if (_storages is null)
            throw Error("a tensor is in a pickle that can have none");
        Take(Cost.Storage);
        Push(TorchGlobals.LoadStorage(id, _storages, this));
    }
}
