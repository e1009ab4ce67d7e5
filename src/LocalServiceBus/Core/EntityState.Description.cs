namespace HrNetBatch.LocalServiceBus.Core;

/// <summary>What changes about an entity itself: its options, its rules, its end.</summary>
internal sealed partial class EntityState
{
    /// <summary>Keeps another description; its options count from then on for what comes.</summary>
    public void Describe(Operation operation, EntityDescription description)
    {
        Description = description;
        operation.Changes.Add(new EntityDescribed(Name, description));
    }

    /// <summary>Takes other options, and sends receivers away whom they exclude.</summary>
    public void SetOptions(Operation operation, EntityOptions options)
    {
        Description = Description with { Options = options };
        if (WhyNoReceivers() is { } why) EndReceivers(operation, why);
        WatchIdle(operation.Now);
        operation.Touch(this);
    }

    /// <summary>Adds a rule.</summary>
    /// <exception cref="BrokerException">It has one of that name, or no rules at all.</exception>
    public void AddRule(Operation operation, Rule rule)
    {
        CheckRule(rule.Name);
        if (FindRule(rule.Name) is not null)
        {
            throw new BrokerException(
                Refusal.EntityExists, $"'{Name}' has a rule named '{rule.Name}' already. Update that one, or choose another name.");
        }
        SetRules(operation, [.. Rules, rule with { CreatedAt = operation.Now }]);
    }

    /// <summary>Puts a rule in the place of the one of its name.</summary>
    /// <exception cref="BrokerException">It has none of that name.</exception>
    public void ReplaceRule(Operation operation, Rule rule)
    {
        Rule old = GetRule(rule.Name);
        SetRules(operation, [.. Rules.Select(other => other == old ? rule with { Name = old.Name, CreatedAt = old.CreatedAt } : other)]);
    }

    /// <summary>Removes a rule.</summary>
    /// <exception cref="BrokerException">It has none of that name.</exception>
    public void RemoveRule(Operation operation, string rule)
    {
        Rule old = GetRule(rule);
        SetRules(operation, [.. Rules.Where(other => other != old)]);
    }

    /// <summary>Finds a rule.</summary>
    /// <exception cref="BrokerException">It has none of that name.</exception>
    public Rule GetRule(string rule)
    {
        CheckRule(rule);
        return FindRule(rule) ?? throw new BrokerException(Refusal.EntityNotFound, $"'{Name}' has no rule named '{rule}'.");
    }

    /// <summary>Drops all that it has, and sends its receivers away.</summary>
    public void Delete(Operation operation)
    {
        BrokerException gone = EntityDirectory.NotFound(Name);
        EndReceivers(operation, gone);
        foreach (Message message in _messages.Values) Unindex(message);
        _messages.Clear();
        _numbers.Clear();
        if (_idleDue is { } due) _deadlines.Remove(IdleDeadline(due));
        operation.Changes.Add(new EntityRemoved(Name));
    }

    /// <summary>Sets when it is to be looked at again: it may have gone unused for long enough then.</summary>
    public void WatchIdle(DateTimeOffset from)
    {
        if (_idleDue is { } old) _deadlines.Remove(IdleDeadline(old));
        _idleDue = Options.AutoDeleteOnIdle is { } idle && idle < DateTimeOffset.MaxValue - from ? from + idle : null;
        if (_idleDue is { } due) _deadlines.Add(IdleDeadline(due));
    }

    private bool IsInUse => _receivers.Count > 0 || DeadLetters?._receivers.Count > 0 || TransferDeadLetters?._receivers.Count > 0
        || _messages.Values.Any(message => message.State == MessageState.Scheduled)
        || Topic?.Subscriptions.Any(part => part.IsInUse) == true;

    private void OnIdleDue(Operation operation)
    {
        _idleDue = null;
        DateTimeOffset since = IsInUse ? operation.Now : AccessedAt;
        if (since + Options.AutoDeleteOnIdle <= operation.Now) directory.Delete(operation, this);
        else WatchIdle(since);
    }

    private Deadline IdleDeadline(DateTimeOffset due) => new(due, this, 0);   // no message has this number

    private void EndReceivers(Operation operation, BrokerException why)
    {
        foreach (Receiver receiver in _receivers)
        {
            receiver.End(why);
            operation.Serve(receiver);
        }
        _receivers.Clear();
        _sessions?.End(why);
    }

    private void CheckRule(string rule)
    {
        if (Kind != EntityKind.Subscription)
            throw new BrokerException(Refusal.NotAllowed, $"'{Name}' is no subscription: only those have rules.");
        if (EntityNames.RuleFault(rule) is { } fault) throw new BrokerException(Refusal.InvalidArgument, fault);
    }

    private Rule? FindRule(string name) => Rules.FirstOrDefault(rule => rule.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private void SetRules(Operation operation, IReadOnlyList<Rule> rules) => Describe(operation, Description with { Rules = rules });
}
