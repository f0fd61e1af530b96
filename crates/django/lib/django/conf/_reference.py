"""A text that a setting gave, and which one."""


class SettingsReference(str):
    def __new__(cls, value, setting_name):
        return super().__new__(cls, value)

    def __init__(self, value, setting_name):
        self.setting_name = setting_name
