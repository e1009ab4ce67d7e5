using HrNetBatch.Jobs.Runs;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Evaluation;

namespace HrNetBatch.Kinds.Validate;

/// <summary>How a validation looks at each image, in a validate job and in a train job alike.</summary>
/// <param name="CropFraction">Share of the resized short side that the centre crop keeps.</param>
/// <param name="FlipAverage">Whether each image is seen as it is and mirrored, and the probabilities of the two answers are averaged.</param>
internal sealed record ValidationView(double CropFraction, bool FlipAverage)
{
    /// <summary>Of a job's batches.</summary>
    public BatchLoaderOptions Of(BatchLoaderOptions loading) => loading with { CropRatio = CropFraction };

    /// <summary>Of its measuring.</summary>
    public EvaluationOptions Of(EvaluationOptions measuring) => measuring with { AveragesFlip = FlipAverage };

    /// <summary>Of its report.</summary>
    public ValidationReport Of(ValidationReport report) => report with { CropFraction = CropFraction, FlipAverage = FlipAverage };
}
