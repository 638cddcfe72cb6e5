"""All data models, each imported when it is first asked for"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .account_status import AccountStatus
    from .action_type import ActionType
    from .agent_type import AgentType
    from .api_error import ApiError
    from .api_key_event import ApiKeyEvent
    from .api_key_event_type import ApiKeyEventType
    from .api_key_info import ApiKeyInfo
    from .api_key_info_envelope import ApiKeyInfoEnvelope
    from .assignment_strategy import AssignmentStrategy
    from .broadcast_recipient import BroadcastRecipient
    from .deleted import Deleted
    from .deleted_envelope import DeletedEnvelope
    from .document_uploaded import DocumentUploaded
    from .document_uploaded_envelope import DocumentUploadedEnvelope
    from .error_envelope import ErrorEnvelope
    from .error_object import ErrorObject
    from .feedback import Feedback
    from .feedback_body import FeedbackBody
    from .feedback_category import FeedbackCategory
    from .feedback_data import FeedbackData
    from .feedback_envelope import FeedbackEnvelope
    from .field_conditional import FieldConditional
    from .field_option import FieldOption
    from .field_type import FieldType
    from .field_validation import FieldValidation
    from .file_upload import FileUpload
    from .human_decision import HumanDecision
    from .image_uploaded import ImageUploaded
    from .image_uploaded_envelope import ImageUploadedEnvelope
    from .loop import Loop
    from .loop_create import LoopCreate
    from .loop_created import LoopCreated
    from .loop_created_envelope import LoopCreatedEnvelope
    from .loop_data import LoopData
    from .loop_deleted_data import LoopDeletedData
    from .loop_deleted_envelope import LoopDeletedEnvelope
    from .loop_deletion_counts import LoopDeletionCounts
    from .loop_envelope import LoopEnvelope
    from .loop_event import LoopEvent
    from .loop_event_data import LoopEventData
    from .loop_event_type import LoopEventType
    from .loop_list_data import LoopListData
    from .loop_list_envelope import LoopListEnvelope
    from .loop_member import LoopMember
    from .loop_member_list_data import LoopMemberListData
    from .loop_member_list_envelope import LoopMemberListEnvelope
    from .loop_member_removed_data import LoopMemberRemovedData
    from .loop_member_removed_envelope import LoopMemberRemovedEnvelope
    from .loop_member_statistics import LoopMemberStatistics
    from .loop_member_status import LoopMemberStatus
    from .loop_request import LoopRequest
    from .loop_request_list_data import LoopRequestListData
    from .loop_request_list_envelope import LoopRequestListEnvelope
    from .loop_summary import LoopSummary
    from .loop_update import LoopUpdate
    from .meta import Meta
    from .monthly_quota import MonthlyQuota
    from .pagination import Pagination
    from .platform import Platform
    from .processing_type import ProcessingType
    from .rate_limit_info import RateLimitInfo
    from .rating_labels import RatingLabels
    from .refund_info import RefundInfo
    from .request_callback import RequestCallback
    from .request_cancelled_data import RequestCancelledData
    from .request_cancelled_envelope import RequestCancelledEnvelope
    from .request_create import RequestCreate
    from .request_created import RequestCreated
    from .request_created_envelope import RequestCreatedEnvelope
    from .request_data import RequestData
    from .request_envelope import RequestEnvelope
    from .request_event import RequestEvent
    from .request_event_data import RequestEventData
    from .request_event_type import RequestEventType
    from .request_list_data import RequestListData
    from .request_list_envelope import RequestListEnvelope
    from .request_pagination import RequestPagination
    from .request_priority import RequestPriority
    from .request_sort import RequestSort
    from .request_status import RequestStatus
    from .request_summary import RequestSummary
    from .request_type import RequestType
    from .request_update import RequestUpdate
    from .responder import Responder
    from .response_config_boolean import ResponseConfigBoolean
    from .response_config_editable_text import ResponseConfigEditableText
    from .response_config_multi_select import ResponseConfigMultiSelect
    from .response_config_number import ResponseConfigNumber
    from .response_config_rating import ResponseConfigRating
    from .response_config_single_select import ResponseConfigSingleSelect
    from .response_config_text import ResponseConfigText
    from .response_type import ResponseType
    from .review import Review
    from .review_consumption import ReviewConsumption
    from .review_create import ReviewCreate
    from .review_envelope import ReviewEnvelope
    from .review_event import ReviewEvent
    from .review_list_envelope import ReviewListEnvelope
    from .review_metadata import ReviewMetadata
    from .review_priority import ReviewPriority
    from .review_status import ReviewStatus
    from .review_summary import ReviewSummary
    from .review_update import ReviewUpdate
    from .select_option import SelectOption
    from .self_approval import SelfApproval
    from .session import Session
    from .session_context import SessionContext
    from .session_create import SessionCreate
    from .session_data import SessionData
    from .session_envelope import SessionEnvelope
    from .session_list_data import SessionListData
    from .session_list_envelope import SessionListEnvelope
    from .session_status import SessionStatus
    from .session_update import SessionUpdate
    from .subscribable_event_type import SubscribableEventType
    from .team import Team
    from .team_create import TeamCreate
    from .team_envelope import TeamEnvelope
    from .team_member import TeamMember
    from .team_member_add import TeamMemberAdd
    from .team_member_envelope import TeamMemberEnvelope
    from .team_member_list_envelope import TeamMemberListEnvelope
    from .template import Template
    from .template_create import TemplateCreate
    from .template_envelope import TemplateEnvelope
    from .template_field import TemplateField
    from .template_list_envelope import TemplateListEnvelope
    from .template_settings import TemplateSettings
    from .template_styling import TemplateStyling
    from .template_summary import TemplateSummary
    from .template_update import TemplateUpdate
    from .template_updated_event import TemplateUpdatedEvent
    from .template_validation import TemplateValidation
    from .template_validation_rule import TemplateValidationRule
    from .turn import Turn
    from .turn_action import TurnAction
    from .turn_create import TurnCreate
    from .turn_data import TurnData
    from .turn_decision import TurnDecision
    from .turn_envelope import TurnEnvelope
    from .turn_event import TurnEvent
    from .turn_event_type import TurnEventType
    from .turn_list_data import TurnListData
    from .turn_list_envelope import TurnListEnvelope
    from .turn_outcome import TurnOutcome
    from .turn_pending_data import TurnPendingData
    from .turn_pending_envelope import TurnPendingEnvelope
    from .webhook_attempt import WebhookAttempt
    from .webhook_create import WebhookCreate
    from .webhook_delivery import WebhookDelivery
    from .webhook_delivery_envelope import WebhookDeliveryEnvelope
    from .webhook_delivery_list_envelope import WebhookDeliveryListEnvelope
    from .webhook_delivery_status import WebhookDeliveryStatus
    from .webhook_envelope import WebhookEnvelope
    from .webhook_event_type import WebhookEventType
    from .webhook_list_envelope import WebhookListEnvelope
    from .webhook_subscription import WebhookSubscription
    from .webhook_update import WebhookUpdate
    from .workflow_triggered import WorkflowTriggered
    from .workflow_triggered_envelope import WorkflowTriggeredEnvelope

_MODULES = {
    "AccountStatus": ".account_status",
    "ActionType": ".action_type",
    "AgentType": ".agent_type",
    "ApiError": ".api_error",
    "ApiKeyEvent": ".api_key_event",
    "ApiKeyEventType": ".api_key_event_type",
    "ApiKeyInfo": ".api_key_info",
    "ApiKeyInfoEnvelope": ".api_key_info_envelope",
    "AssignmentStrategy": ".assignment_strategy",
    "BroadcastRecipient": ".broadcast_recipient",
    "Deleted": ".deleted",
    "DeletedEnvelope": ".deleted_envelope",
    "DocumentUploaded": ".document_uploaded",
    "DocumentUploadedEnvelope": ".document_uploaded_envelope",
    "ErrorEnvelope": ".error_envelope",
    "ErrorObject": ".error_object",
    "Feedback": ".feedback",
    "FeedbackBody": ".feedback_body",
    "FeedbackCategory": ".feedback_category",
    "FeedbackData": ".feedback_data",
    "FeedbackEnvelope": ".feedback_envelope",
    "FieldConditional": ".field_conditional",
    "FieldOption": ".field_option",
    "FieldType": ".field_type",
    "FieldValidation": ".field_validation",
    "FileUpload": ".file_upload",
    "HumanDecision": ".human_decision",
    "ImageUploaded": ".image_uploaded",
    "ImageUploadedEnvelope": ".image_uploaded_envelope",
    "Loop": ".loop",
    "LoopCreate": ".loop_create",
    "LoopCreated": ".loop_created",
    "LoopCreatedEnvelope": ".loop_created_envelope",
    "LoopData": ".loop_data",
    "LoopDeletedData": ".loop_deleted_data",
    "LoopDeletedEnvelope": ".loop_deleted_envelope",
    "LoopDeletionCounts": ".loop_deletion_counts",
    "LoopEnvelope": ".loop_envelope",
    "LoopEvent": ".loop_event",
    "LoopEventData": ".loop_event_data",
    "LoopEventType": ".loop_event_type",
    "LoopListData": ".loop_list_data",
    "LoopListEnvelope": ".loop_list_envelope",
    "LoopMember": ".loop_member",
    "LoopMemberListData": ".loop_member_list_data",
    "LoopMemberListEnvelope": ".loop_member_list_envelope",
    "LoopMemberRemovedData": ".loop_member_removed_data",
    "LoopMemberRemovedEnvelope": ".loop_member_removed_envelope",
    "LoopMemberStatistics": ".loop_member_statistics",
    "LoopMemberStatus": ".loop_member_status",
    "LoopRequest": ".loop_request",
    "LoopRequestListData": ".loop_request_list_data",
    "LoopRequestListEnvelope": ".loop_request_list_envelope",
    "LoopSummary": ".loop_summary",
    "LoopUpdate": ".loop_update",
    "Meta": ".meta",
    "MonthlyQuota": ".monthly_quota",
    "Pagination": ".pagination",
    "Platform": ".platform",
    "ProcessingType": ".processing_type",
    "RateLimitInfo": ".rate_limit_info",
    "RatingLabels": ".rating_labels",
    "RefundInfo": ".refund_info",
    "RequestCallback": ".request_callback",
    "RequestCancelledData": ".request_cancelled_data",
    "RequestCancelledEnvelope": ".request_cancelled_envelope",
    "RequestCreate": ".request_create",
    "RequestCreated": ".request_created",
    "RequestCreatedEnvelope": ".request_created_envelope",
    "RequestData": ".request_data",
    "RequestEnvelope": ".request_envelope",
    "RequestEvent": ".request_event",
    "RequestEventData": ".request_event_data",
    "RequestEventType": ".request_event_type",
    "RequestListData": ".request_list_data",
    "RequestListEnvelope": ".request_list_envelope",
    "RequestPagination": ".request_pagination",
    "RequestPriority": ".request_priority",
    "RequestSort": ".request_sort",
    "RequestStatus": ".request_status",
    "RequestSummary": ".request_summary",
    "RequestType": ".request_type",
    "RequestUpdate": ".request_update",
    "Responder": ".responder",
    "ResponseConfigBoolean": ".response_config_boolean",
    "ResponseConfigEditableText": ".response_config_editable_text",
    "ResponseConfigMultiSelect": ".response_config_multi_select",
    "ResponseConfigNumber": ".response_config_number",
    "ResponseConfigRating": ".response_config_rating",
    "ResponseConfigSingleSelect": ".response_config_single_select",
    "ResponseConfigText": ".response_config_text",
    "ResponseType": ".response_type",
    "Review": ".review",
    "ReviewConsumption": ".review_consumption",
    "ReviewCreate": ".review_create",
    "ReviewEnvelope": ".review_envelope",
    "ReviewEvent": ".review_event",
    "ReviewListEnvelope": ".review_list_envelope",
    "ReviewMetadata": ".review_metadata",
    "ReviewPriority": ".review_priority",
    "ReviewStatus": ".review_status",
    "ReviewSummary": ".review_summary",
    "ReviewUpdate": ".review_update",
    "SelectOption": ".select_option",
    "SelfApproval": ".self_approval",
    "Session": ".session",
    "SessionContext": ".session_context",
    "SessionCreate": ".session_create",
    "SessionData": ".session_data",
    "SessionEnvelope": ".session_envelope",
    "SessionListData": ".session_list_data",
    "SessionListEnvelope": ".session_list_envelope",
    "SessionStatus": ".session_status",
    "SessionUpdate": ".session_update",
    "SubscribableEventType": ".subscribable_event_type",
    "Team": ".team",
    "TeamCreate": ".team_create",
    "TeamEnvelope": ".team_envelope",
    "TeamMember": ".team_member",
    "TeamMemberAdd": ".team_member_add",
    "TeamMemberEnvelope": ".team_member_envelope",
    "TeamMemberListEnvelope": ".team_member_list_envelope",
    "Template": ".template",
    "TemplateCreate": ".template_create",
    "TemplateEnvelope": ".template_envelope",
    "TemplateField": ".template_field",
    "TemplateListEnvelope": ".template_list_envelope",
    "TemplateSettings": ".template_settings",
    "TemplateStyling": ".template_styling",
    "TemplateSummary": ".template_summary",
    "TemplateUpdate": ".template_update",
    "TemplateUpdatedEvent": ".template_updated_event",
    "TemplateValidation": ".template_validation",
    "TemplateValidationRule": ".template_validation_rule",
    "Turn": ".turn",
    "TurnAction": ".turn_action",
    "TurnCreate": ".turn_create",
    "TurnData": ".turn_data",
    "TurnDecision": ".turn_decision",
    "TurnEnvelope": ".turn_envelope",
    "TurnEvent": ".turn_event",
    "TurnEventType": ".turn_event_type",
    "TurnListData": ".turn_list_data",
    "TurnListEnvelope": ".turn_list_envelope",
    "TurnOutcome": ".turn_outcome",
    "TurnPendingData": ".turn_pending_data",
    "TurnPendingEnvelope": ".turn_pending_envelope",
    "WebhookAttempt": ".webhook_attempt",
    "WebhookCreate": ".webhook_create",
    "WebhookDelivery": ".webhook_delivery",
    "WebhookDeliveryEnvelope": ".webhook_delivery_envelope",
    "WebhookDeliveryListEnvelope": ".webhook_delivery_list_envelope",
    "WebhookDeliveryStatus": ".webhook_delivery_status",
    "WebhookEnvelope": ".webhook_envelope",
    "WebhookEventType": ".webhook_event_type",
    "WebhookListEnvelope": ".webhook_list_envelope",
    "WebhookSubscription": ".webhook_subscription",
    "WebhookUpdate": ".webhook_update",
    "WorkflowTriggered": ".workflow_triggered",
    "WorkflowTriggeredEnvelope": ".workflow_triggered_envelope",
}

__all__ = (
    "AccountStatus",
    "ActionType",
    "AgentType",
    "ApiError",
    "ApiKeyEvent",
    "ApiKeyEventType",
    "ApiKeyInfo",
    "ApiKeyInfoEnvelope",
    "AssignmentStrategy",
    "BroadcastRecipient",
    "Deleted",
    "DeletedEnvelope",
    "DocumentUploaded",
    "DocumentUploadedEnvelope",
    "ErrorEnvelope",
    "ErrorObject",
    "Feedback",
    "FeedbackBody",
    "FeedbackCategory",
    "FeedbackData",
    "FeedbackEnvelope",
    "FieldConditional",
    "FieldOption",
    "FieldType",
    "FieldValidation",
    "FileUpload",
    "HumanDecision",
    "ImageUploaded",
    "ImageUploadedEnvelope",
    "Loop",
    "LoopCreate",
    "LoopCreated",
    "LoopCreatedEnvelope",
    "LoopData",
    "LoopDeletedData",
    "LoopDeletedEnvelope",
    "LoopDeletionCounts",
    "LoopEnvelope",
    "LoopEvent",
    "LoopEventData",
    "LoopEventType",
    "LoopListData",
    "LoopListEnvelope",
    "LoopMember",
    "LoopMemberListData",
    "LoopMemberListEnvelope",
    "LoopMemberRemovedData",
    "LoopMemberRemovedEnvelope",
    "LoopMemberStatistics",
    "LoopMemberStatus",
    "LoopRequest",
    "LoopRequestListData",
    "LoopRequestListEnvelope",
    "LoopSummary",
    "LoopUpdate",
    "Meta",
    "MonthlyQuota",
    "Pagination",
    "Platform",
    "ProcessingType",
    "RateLimitInfo",
    "RatingLabels",
    "RefundInfo",
    "RequestCallback",
    "RequestCancelledData",
    "RequestCancelledEnvelope",
    "RequestCreate",
    "RequestCreated",
    "RequestCreatedEnvelope",
    "RequestData",
    "RequestEnvelope",
    "RequestEvent",
    "RequestEventData",
    "RequestEventType",
    "RequestListData",
    "RequestListEnvelope",
    "RequestPagination",
    "RequestPriority",
    "RequestSort",
    "RequestStatus",
    "RequestSummary",
    "RequestType",
    "RequestUpdate",
    "Responder",
    "ResponseConfigBoolean",
    "ResponseConfigEditableText",
    "ResponseConfigMultiSelect",
    "ResponseConfigNumber",
    "ResponseConfigRating",
    "ResponseConfigSingleSelect",
    "ResponseConfigText",
    "ResponseType",
    "Review",
    "ReviewConsumption",
    "ReviewCreate",
    "ReviewEnvelope",
    "ReviewEvent",
    "ReviewListEnvelope",
    "ReviewMetadata",
    "ReviewPriority",
    "ReviewStatus",
    "ReviewSummary",
    "ReviewUpdate",
    "SelectOption",
    "SelfApproval",
    "Session",
    "SessionContext",
    "SessionCreate",
    "SessionData",
    "SessionEnvelope",
    "SessionListData",
    "SessionListEnvelope",
    "SessionStatus",
    "SessionUpdate",
    "SubscribableEventType",
    "Team",
    "TeamCreate",
    "TeamEnvelope",
    "TeamMember",
    "TeamMemberAdd",
    "TeamMemberEnvelope",
    "TeamMemberListEnvelope",
    "Template",
    "TemplateCreate",
    "TemplateEnvelope",
    "TemplateField",
    "TemplateListEnvelope",
    "TemplateSettings",
    "TemplateStyling",
    "TemplateSummary",
    "TemplateUpdate",
    "TemplateUpdatedEvent",
    "TemplateValidation",
    "TemplateValidationRule",
    "Turn",
    "TurnAction",
    "TurnCreate",
    "TurnData",
    "TurnDecision",
    "TurnEnvelope",
    "TurnEvent",
    "TurnEventType",
    "TurnListData",
    "TurnListEnvelope",
    "TurnOutcome",
    "TurnPendingData",
    "TurnPendingEnvelope",
    "WebhookAttempt",
    "WebhookCreate",
    "WebhookDelivery",
    "WebhookDeliveryEnvelope",
    "WebhookDeliveryListEnvelope",
    "WebhookDeliveryStatus",
    "WebhookEnvelope",
    "WebhookEventType",
    "WebhookListEnvelope",
    "WebhookSubscription",
    "WebhookUpdate",
    "WorkflowTriggered",
    "WorkflowTriggeredEnvelope",
)

if not TYPE_CHECKING:  # A type checker sees the imports above and so reports a name that does not exist.

    def __getattr__(name: str) -> object:
        """Import a model's module on first use (PEP 562)"""
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(_MODULES[name], __name__), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
