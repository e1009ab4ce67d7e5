using System.Globalization;
using System.Numerics;
using System.Text;

namespace HrNetBatch.Model.Checkpoints.Pickle;

/// <summary>
/// Runs one pickle (protocols 2 to 5, the opcodes that torch.save writes) into plain nodes. It is a stack machine over an allow-list:
/// a file cannot name code, cannot change anything but dictionaries and lists it made itself, and cannot grow without bound.
/// </summary>
internal sealed class PickleInterpreter(ByteSource source, PickledTensors tensors)
{
    private static readonly object Mark = new();
    private readonly List<object?> _stack = [];
    private readonly Dictionary<uint, object?> _memo = [];
    private int _valueCount;

    /// <summary>Runs the next pickle of <paramref name="source"/> and leaves the source right after it.</summary>
    public static object? Run(ByteSource source, PickledTensors tensors)
    {
        source.BudgetBytes = PickleLimits.PickleBytes;
        object? result = new PickleInterpreter(source, tensors).Run();
        source.BudgetBytes = null;
        return result;
    }

    private object? Run()
    {
        while (true)
        {
            byte code = source.ReadByte();
            switch (code)
            {
                case 0x80: // PROTO
                    if (source.ReadByte() is < 2 or > 5)
                        throw new InvalidDataException("its pickle has a protocol that torch.save does not write");
                    break;
                case 0x95: // FRAME: only a hint how much to read ahead
                    source.ReadInt64();
                    break;
                case (byte)'.': // STOP
                    object? result = Pop();
                    return _stack.Count == 0 ? result : throw Malformed("values are left over at its end");
                default:
                    if (!Push(code) && !Collect(code) && !Remember(code) && !Call(code))
                        throw Malformed($"it uses opcode 0x{code:x2}, which torch.save never writes");
                    break;
            }
        }
    }

    private bool Push(byte code)
    {
        object? value;
        switch (code)
        {
            case (byte)'N': value = null; break;
            case 0x88: value = true; break;
            case 0x89: value = false; break;
            case (byte)'J': value = (long)source.ReadInt32(); break;
            case (byte)'K': value = (long)source.ReadByte(); break;
            case (byte)'M': value = (long)source.ReadUInt16(); break;
            case 0x8a: value = ReadLong(source.ReadByte()); break;
            case 0x8b: value = ReadLong(source.ReadInt32()); break;
            case (byte)'G': value = source.ReadBigEndianDouble(); break;
            case (byte)'X': value = ReadText(source.ReadInt32()); break;
            case 0x8c: value = ReadText(source.ReadByte()); break;
            case (byte)'T': value = Encoding.Latin1.GetString(source.ReadBytes(source.ReadInt32(), PickleLimits.TextBytes)); break; // Python 2's str
            case (byte)'U': value = Encoding.Latin1.GetString(source.ReadBytes(source.ReadByte(), PickleLimits.TextBytes)); break;
            case (byte)'B': value = ReadRaw(source.ReadInt32()); break;
            case (byte)'C': value = ReadRaw(source.ReadByte()); break;
            case 0x96: value = ReadRaw(source.ReadInt64()); break; // BYTEARRAY8
            case 0x8d: value = Encoding.UTF8.GetString(source.ReadBytes(source.ReadInt64(), PickleLimits.TextBytes)); break;
            case (byte)'(': value = Mark; break;
            case (byte)')': value = Array.Empty<object?>(); break;
            case (byte)']': value = new PickledList(); break;
            case (byte)'}': value = new PickledDictionary(isOrdered: false); break;
            case 0x8f: value = new PickledList(); break; // EMPTY_SET
            default: return false;
        }
        Push(value);
        return true;
    }

    private bool Collect(byte code)
    {
        switch (code)
        {
            case 0x85: Push(PopMany(1)); return true;
            case 0x86: Push(PopMany(2)); return true;
            case 0x87: Push(PopMany(3)); return true;
            case (byte)'t': Push(PopToMark()); return true;
            case (byte)'a': // APPEND
                object? item = Pop();
                if (Peek() is not PickledInert)
                    Target<PickledList>("APPEND").Items.Add(item);
                return true;
            case (byte)'e': // APPENDS
            case 0x90:      // ADDITEMS, of a set
                object?[] items = PopToMark();
                if (Peek() is not PickledInert)
                    Target<PickledList>("APPENDS").Items.AddRange(items);
                return true;
            case 0x91: // FROZENSET
                items = PopToMark();
                var frozen = new PickledList();
                frozen.Items.AddRange(items);
                Push(frozen);
                return true;
            case (byte)'s': SetItems(PopMany(2), "SETITEM"); return true;
            case (byte)'u': SetItems(PopToMark(), "SETITEMS"); return true;
            case (byte)'0': Pop(); return true;
            default: return false;
        }
    }

    private bool Remember(byte code)
    {
        switch (code)
        {
            case (byte)'q': Memorize(source.ReadByte()); return true;
            case (byte)'r': Memorize((uint)source.ReadInt32()); return true;
            case 0x94: Memorize((uint)_memo.Count); return true;
            case (byte)'h': Recall(source.ReadByte()); return true;
            case (byte)'j': Recall((uint)source.ReadInt32()); return true;
            default: return false;
        }
    }

    private bool Call(byte code)
    {
        switch (code)
        {
            case (byte)'c': // GLOBAL
                string module = source.ReadLine(PickleLimits.NameLength);
                Push(PickleGlobals.Find(module, source.ReadLine(PickleLimits.NameLength)));
                return true;
            case 0x93: // STACK_GLOBAL
                object?[] names = PopMany(2);
                Push(names is [string stackModule, string name] ? PickleGlobals.Find(stackModule, name) : throw Malformed("a global is named by something other than text"));
                return true;
            case (byte)'Q': // BINPERSID
                Push(tensors.Storage(Pop()));
                return true;
            case (byte)'R': // REDUCE
                object? arguments = Pop();
                Push(Reduce(Pop(), arguments as object?[] ?? throw Malformed("it calls with arguments that are no tuple")));
                return true;
            case 0x81: // NEWOBJ
                object?[] maker = PopMany(2);
                Push(Make(maker[0], maker[1]));
                return true;
            case 0x92: // NEWOBJ_EX, with named arguments besides
                object?[] extended = PopMany(3);
                Push(Make(extended[0], extended[1]));
                return true;
            case (byte)'b': // BUILD
                Build(Pop());
                return true;
            default: return false;
        }
    }

    private static object Make(object? maker, object? arguments) => (maker as PickledGlobal)?.Kind switch
    {
        GlobalKind.Namespace when arguments is object?[] { Length: 0 } => new PickledDictionary(isOrdered: false) { IsNamespace = true },
        GlobalKind.Inert => new PickledInert(((PickledGlobal)maker!).Name),
        _ => throw Malformed($"it makes (NEWOBJ) something of {Describe(maker)}"),
    };

    // Of a state dict: the _metadata that PyTorch hangs on it, which nothing here needs, and our card. Of a namespace: its attributes.
    private void Build(object? state)
    {
        switch (Peek())
        {
            case PickledInert:
                return;
            case PickledNumpyType type:
                PickledNumpy.SetState(type, state);
                return;
        }
        if (Peek() is not PickledDictionary { IsOrdered: var isOrdered, IsNamespace: var isNamespace } target || !(isOrdered || isNamespace)
            || state is not PickledDictionary attributes || attributes.Entries.Keys.Any(key => key is not string))
            throw Malformed($"it sets attributes (BUILD) on {Describe(Peek())}; only a state dict's metadata is allowed");
        if (isOrdered)
        {
            target.Attributes = attributes;
            return;
        }
        foreach ((object name, object? value) in attributes.Entries)
            target.Entries[name] = value;
    }

    private static object? Reduce(object? callable, object?[] arguments)
    {
        switch ((callable as PickledGlobal)?.Kind)
        {
            case GlobalKind.OrderedDict when arguments.Length == 0:
                return new PickledDictionary(isOrdered: true);
            case GlobalKind.OrderedDict when arguments is [PickledList { Items: var pairs }]: // as Python 2 wrote it
                var ordered = new PickledDictionary(isOrdered: true);
                foreach (object? pair in pairs)
                    SetItem(ordered, pair is PickledList { Items: [var key, var item] } ? (key, item) : throw Malformed("an ordered dictionary is made of something other than pairs"));
                return ordered;
            case GlobalKind.Counter when arguments is [PickledDictionary counts]:
                return counts;
            case GlobalKind.Device when arguments is [string type]:
                return type;
            case GlobalKind.Device when arguments is [string type, long index]:
                return string.Create(CultureInfo.InvariantCulture, $"{type}:{index}");
            case GlobalKind.Size when arguments is [object?[] sizes]:
                return PickledTensors.Integers(sizes).Select(size => (object?)size).ToArray();
            case GlobalKind.RebuildTensor:
                return PickledTensors.Tensor(arguments);
            case GlobalKind.RebuildParameter when arguments is [PickledTensor tensor, bool, _, ..]:
                return tensor;
            case GlobalKind.RebuildSubclass when arguments is [PickledGlobal { Kind: GlobalKind.RebuildTensor or GlobalKind.RebuildParameter } rebuild, _, object?[] inner, _]:
                return Reduce(rebuild, inner);
            case GlobalKind.List or GlobalKind.Set when arguments is [PickledList list, ..]:
                return list;
            case GlobalKind.List or GlobalKind.Set when arguments is [] or [object?[], ..]:
                var items = new PickledList();
                items.Items.AddRange(arguments is [object?[] tuple, ..] ? tuple : []);
                return items;
            case GlobalKind.Dictionary when arguments is [PickledDictionary dictionary]:
                return dictionary;
            case GlobalKind.Dictionary or GlobalKind.DefaultDictionary when arguments is [] or [null] or [PickledGlobal]:
                return new PickledDictionary(isOrdered: false);
            case GlobalKind.Bytes when arguments is []:
                return new PickledBytes([]);
            case GlobalKind.Bytes when arguments is [string latin, ..] && latin.All(c => c < 256):
                return new PickledBytes(Encoding.Latin1.GetBytes(latin));
            case GlobalKind.Bytes when arguments is [PickledBytes given, ..]:
                return given;
            case GlobalKind.Complex when arguments is [double real, double imaginary]:
                return new PickledOther("complex number", string.Create(CultureInfo.InvariantCulture, $"{real}{(imaginary < 0 ? "" : "+")}{imaginary}i"));
            case GlobalKind.Path when arguments.All(part => part is string):
                return string.Join('/', arguments).Replace("//", "/", StringComparison.Ordinal);
            case GlobalKind.NumpyType when arguments is [string code, ..]:
                return new PickledNumpyType(ForeignText.Printable(code, 16));
            case GlobalKind.NumpyScalar:
                return PickledNumpy.Scalar(arguments);
            case GlobalKind.NumpyArray:
                return new PickledInert("numpy.ndarray");
            case GlobalKind.Inert:
                return new PickledInert(((PickledGlobal)callable!).Name);
            default:
                throw Malformed($"it calls {Describe(callable)} with {arguments.Length} arguments, which torch.save never writes");
        }
    }

    private void SetItems(object?[] items, string opcode)
    {
        if (Peek() is PickledInert)
            return;
        var target = Target<PickledDictionary>(opcode);
        if (items.Length % 2 != 0)
            throw Malformed($"{opcode} has a key without a value");
        for (int i = 0; i < items.Length; i += 2)
            SetItem(target, (items[i], items[i + 1]));
    }

    private static void SetItem(PickledDictionary target, (object? Key, object? Value) item) =>
        target.Entries[PickledKeys.Of(item.Key) ?? throw Malformed($"a dictionary key is {Describe(item.Key)}, or longer than any real key")] = item.Value;

    private T Target<T>(string opcode) where T : class =>
        Peek() as T ?? throw Malformed($"{opcode} changes {Describe(Peek())}");

    private void Push(object? value)
    {
        if (_stack.Count == PickleLimits.StackDepth || ++_valueCount > PickleLimits.ValueCount)
            throw Malformed("it holds more values than any checkpoint");
        _stack.Add(value);
    }

    private object? Peek() => _stack.Count > 0 && _stack[^1] != Mark ? _stack[^1] : throw Malformed("it takes a value from an empty stack");

    private object? Pop()
    {
        object? value = Peek();
        _stack.RemoveAt(_stack.Count - 1);
        return value;
    }

    private object?[] PopMany(int count)
    {
        object?[] items = new object?[count];
        for (int i = count - 1; i >= 0; i--)
            items[i] = Pop();
        return items;
    }

    private object?[] PopToMark()
    {
        int mark = _stack.LastIndexOf(Mark);
        if (mark < 0)
            throw Malformed("it closes a collection that it never opened");
        object?[] items = [.. _stack.Skip(mark + 1)];
        _stack.RemoveRange(mark, _stack.Count - mark);
        return items;
    }

    private void Memorize(uint index)
    {
        // Indices count up from 0 in every real pickle.
        if (index >= PickleLimits.MemoCount)
            throw Malformed("it remembers more values than any checkpoint");
        _memo[index] = Peek();
    }

    private void Recall(uint index) =>
        Push(_memo.TryGetValue(index, out object? value) ? value : throw Malformed($"it recalls value {index}, which it never stored"));

    // A seed may have 64 bits without a sign and a generator's state more: such numbers are only shown.
    private object ReadLong(int byteCount)
    {
        if (byteCount is < 0 or > PickleLimits.IntegerBytes)
            throw Malformed($"it holds an integer of {byteCount} bytes; at most {PickleLimits.IntegerBytes} are read");
        var value = new BigInteger(source.ReadBytes(byteCount, PickleLimits.IntegerBytes));
        return value >= long.MinValue && value <= long.MaxValue ? (long)value : new PickledOther("integer", value.ToString(CultureInfo.InvariantCulture));
    }

    private PickledBytes ReadRaw(long length) => new(source.ReadBytes(length, PickleLimits.DataBytes));

    private string ReadText(int length) => Encoding.UTF8.GetString(source.ReadBytes(length, PickleLimits.DataBytes));

    private static string Describe(object? value) => value switch
    {
        null => "None",
        bool => "a boolean",
        long => "an integer",
        double => "a float",
        string => "a text",
        object?[] => "a tuple",
        PickledList => "a list",
        PickledDictionary => "a dictionary",
        PickledTensor => "a tensor",
        PickledStorage => "a storage",
        PickledGlobal { Kind: GlobalKind.Inert, Name: var name } => $"the name {name}",
        PickledGlobal global => $"the name {global.Kind}",
        PickledOther other => $"a value ({other.Kind})",
        PickledBytes => "bytes",
        PickledInert inert => $"an object of {inert.Name}",
        PickledNumpyType => "a numpy type",
        _ => "a mark",
    };

    private static InvalidDataException Malformed(string fault) => new($"its pickle is not one that torch.save writes: {fault}");
}
