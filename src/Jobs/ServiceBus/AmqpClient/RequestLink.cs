using System.Collections.Concurrent;
using Amqp;
using Amqp.Framing;
using Amqp.Types;

namespace HrNetBatch.Jobs.ServiceBus.AmqpClient;

/// <summary>Requests to a node of the broker, and its answers: a pair of links of one session.</summary>
internal sealed class RequestLink
{
    private const int AnswerCredit = 100;

    private readonly ConcurrentDictionary<string, TaskCompletionSource<Message>> _waiting = new(StringComparer.Ordinal);
    private readonly string _replyTo = Guid.NewGuid().ToString("n");
    private readonly SenderLink _requests;
    private readonly ReceiverLink _answers;
    private readonly TimeProvider _time;

    public RequestLink(Session session, string node, TimeProvider time)
    {
        _time = time;
        var attach = new Attach
        {
            SndSettleMode = SenderSettleMode.Settled,
            Source = new Source { Address = node },
            Target = new Target { Address = _replyTo },
        };
        _answers = new ReceiverLink(session, _replyTo, attach, null);
        _answers.AddClosedCallback((_, error) => FailAll(error));
        _answers.Start(AnswerCredit, OnAnswer);
        _requests = new SenderLink(session, Guid.NewGuid().ToString("n"), new Target { Address = node }, null);
        _requests.AddClosedCallback((_, error) => FailAll(error));
    }

    /// <summary>False once the broker, or the loss of the connection, ended it.</summary>
    public bool IsOpen => !_requests.IsClosed && !_answers.IsClosed;

    /// <summary>Sends a request and waits for its answer.</summary>
    public async Task<Message> AskAsync(Map properties, object? body, CancellationToken cancellation)
    {
        string id = Guid.NewGuid().ToString("n");
        var request = new Message
        {
            Properties = new Properties { MessageId = id, ReplyTo = _replyTo },
            ApplicationProperties = new ApplicationProperties(),
            BodySection = new AmqpValue { Value = body },
        };
        foreach ((object name, object value) in properties) request.ApplicationProperties[(string)name] = value;
        var answer = new TaskCompletionSource<Message>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[id] = answer;
        try
        {
            if (!IsOpen) throw Ended(_requests.Error ?? _answers.Error); // closed before the entry above was there to be failed
            await SenderLinks.SendAsync(_requests, request, _time, cancellation);
            return await answer.Task.WaitAsync(BrokerConnection.AnswerLimit, _time, cancellation);
        }
        finally
        {
            _waiting.TryRemove(id, out _);
        }
    }

    private void OnAnswer(IReceiverLink link, Message answer)
    {
        link.Accept(answer); // it came settled; this gives its credit back
        if (answer.Properties?.GetCorrelationId()?.ToString() is { } id && _waiting.TryGetValue(id, out TaskCompletionSource<Message>? waiting))
            waiting.TrySetResult(answer);
    }

    private void FailAll(Error? error)
    {
        foreach (TaskCompletionSource<Message> waiting in _waiting.Values) waiting.TrySetException(Ended(error));
    }

    private static AmqpException Ended(Error? error) =>
        new(error ?? new Error(ErrorCode.DetachForced) { Description = "The broker ended the link." });
}
