using System.Globalization;
using HrNetBatch.Model.Training;

namespace HrNetBatch.Kinds.Train;

/// <summary>The line that train() of the original's lib/core/function.py logs: each meter as it is now, and in parentheses its mean since the epoch began (in this attempt).</summary>
/// <param name="options">How many images make a step, and which an epoch leaves out.</param>
internal sealed class TrainMeters(TrainingOptions options)
{
    private int _epoch = -1;
    private long _steps, _samples;
    private double _time, _dataTime, _loss, _top1, _top5;

    /// <summary>Adds a step.</summary>
    public void Add(TrainingStep step)
    {
        if (step.Position.Epoch != _epoch)
            (_epoch, _steps, _samples, _time, _dataTime, _loss, _top1, _top5) = (step.Position.Epoch, 0, 0, 0, 0, 0, 0, 0);
        _steps++;
        _samples += step.SampleCount;
        _time += step.StepTime.TotalSeconds;
        _dataTime += step.DataTime.TotalSeconds;
        _loss += step.Loss * step.SampleCount;
        _top1 += step.Top1 * step.SampleCount;
        _top5 += step.Top5 * step.SampleCount;
    }

    /// <summary>Epoch: [0][9/312] Time … Speed … samples/s Data … Loss … Accuracy@1 … Accuracy@5 …, separated by tabs; epochs and steps count from 0, accuracies are in per cent.</summary>
    /// <param name="step">The step that was added last.</param>
    /// <param name="sampleCount">Samples of an epoch; null while nobody knows.</param>
    public string Line(TrainingStep step, long? sampleCount)
    {
        string of = sampleCount is { } count ? EpochSteps.Of(count, options.BatchSize, options.LastBatch).ToString(CultureInfo.InvariantCulture) : "?";
        double time = step.StepTime.TotalSeconds;
        return string.Create(CultureInfo.InvariantCulture,
            $"Epoch: [{_epoch}][{EpochSteps.Of(step.Position.Cursor, options.BatchSize, LastBatch.Keep) - 1}/{of}]\tTime {time:F3}s ({_time / _steps:F3}s)\tSpeed {step.SampleCount / time:F1} samples/s\t"
            + $"Data {step.DataTime.TotalSeconds:F3}s ({_dataTime / _steps:F3}s)\tLoss {step.Loss:F5} ({_loss / _samples:F5})\t"
            + $"Accuracy@1 {100 * step.Top1:F3} ({100 * _top1 / _samples:F3})\tAccuracy@5 {100 * step.Top5:F3} ({100 * _top5 / _samples:F3})\t");
    }
}
