using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Model.Training;

namespace HrNetBatch.Kinds.Train;

/// <summary>
/// The curves of a run: training values as means over the steps since the last point, validation values once an epoch, all over the
/// number of optimizer steps. Loss is the mean of what is minimised, top1 and top5 are shares from 0 to 1; gradient_norm is there where
/// gradients are clipped, as it was before.
/// Points are taken at the first step, at steps that are multiples of an interval and at the last, so a resumed attempt overwrites the points
/// of the one it follows, and the shortest run has curves.
/// </summary>
internal sealed class TrainMetrics(int interval)
{
    private double _loss, _top1, _top5, _seconds, _dataSeconds, _gradientNorm;
    private long _samples;
    private TrainingStep? _last;

    /// <summary>Adds a step; true when a point is due.</summary>
    public bool Add(TrainingStep step)
    {
        _loss += step.Loss * step.SampleCount;
        _top1 += step.Top1 * step.SampleCount;
        _top5 += step.Top5 * step.SampleCount;
        _seconds += step.StepTime.TotalSeconds;
        _dataSeconds += step.DataTime.TotalSeconds;
        _gradientNorm += (step.GradientNorm ?? 0) * step.SampleCount;
        _samples += step.SampleCount;
        _last = step;
        return step.Position.Step == 1 || step.Position.Step % interval == 0;
    }

    /// <summary>The points at the step that was added last, where none were taken since; then the means begin anew.</summary>
    public IReadOnlyCollection<MetricPoint> TakeRest() => _samples > 0 && _last is { } step ? Take(step) : [];

    /// <summary>The points at <paramref name="step"/>; the means begin anew.</summary>
    public IReadOnlyCollection<MetricPoint> Take(TrainingStep step)
    {
        long at = step.Position.Step;
        List<MetricPoint> points =
        [
            new("train_loss", at, _loss / _samples),
            new("train_top1", at, _top1 / _samples),
            new("train_top5", at, _top5 / _samples),
            new("lr", at, step.LearningRate),
            new("images_per_second", at, _samples / _seconds),
            new("data_wait", at, _dataSeconds / _seconds),
        ];
        if (step.GradientNorm is not null)
            points.Add(new("gradient_norm", at, _gradientNorm / _samples));
        (_loss, _top1, _top5, _seconds, _dataSeconds, _gradientNorm, _samples) = (0, 0, 0, 0, 0, 0, 0);
        return points;
    }
}
